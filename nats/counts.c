/*
 * counts.c - Implements the questions for counts, and the wait for an empty queue.
 *
 * A join asks again after 1, 2, 4 ... ms, up to an eighth of a second.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "clock.h"
#include "put.h"
#include "reason.h"
#include "room.h"
#include "stream.h"

#define WITHOUT_CONSUMER (200 * WEIR__NATS_MILLISECOND)

/* While a repair makes the consumer of a lane anew (repair.c), the lane has none for a moment. */
static weir_status count_lane(weir_nats *nats, size_t index, uint64_t *waiting) {
    struct weir__nats_lane_state lane = {0, 0, 0};
    weir_deadline until = weir_deadline_after(WITHOUT_CONSUMER);
    weir_status status = weir__nats_lane_state(nats, index, &lane);
    for (; status == WEIR_EMPTY && weir__nats_now() < until; status = weir__nats_lane_state(nats, index, &lane))
        nats_Sleep(weir__nats_milliseconds(WITHOUT_CONSUMER / 20));
    *waiting += lane.waiting;
    return status == WEIR_EMPTY ? WEIR_OK : status;
}

static weir_status count_waiting(weir_nats *nats, uint64_t *waiting) {
    weir_status status = WEIR_OK;
    *waiting = 0;
    for (size_t i = 0; i < nats->lane_count && status == WEIR_OK; i++)
        status = count_lane(nats, i, waiting);
    return status;
}

static weir_status count(weir_nats *nats, weir_nats_counts *counts) {
    struct weir__nats_state items, dead;
    uint64_t waiting = 0;
    weir_status status = weir__nats_state(nats, nats->stream, &items);
    if (status == WEIR_OK)
        status = weir__nats_state(nats, nats->dead, &dead);
    if (status == WEIR_OK)
        status = count_waiting(nats, &waiting);
    if (status == WEIR_OK)
        *counts = (weir_nats_counts){waiting, items.messages, dead.messages};
    return status;
}

weir_status weir_nats_count(weir_nats *nats, weir_nats_counts *counts) {
    if (nats == NULL || counts == NULL)
        return WEIR_INVALID;
    weir_status status = weir__nats_enter(nats);
    if (status != WEIR_OK)
        return status;
    status = count(nats, counts);
    weir__nats_leave(nats);
    return status;
}

static weir_status join(weir_nats *nats, weir_deadline deadline) {
    uint64_t pause = 0;
    for (;;) {
        struct weir__nats_state state = {0, 0, 0};
        weir_status status = weir__nats_state(nats, nats->stream, &state);
        if (status == WEIR_OK && state.messages == 0)
            return WEIR_OK;
        if (status != WEIR_OK && status != WEIR_DISCONNECTED && status != WEIR_TIMEDOUT)
            return status;
        if (weir__nats_stopped(nats))
            return WEIR_CLOSED;
        if (weir__nats_now() >= deadline)
            return status == WEIR_OK ? WEIR_TIMEDOUT : WEIR_DISCONNECTED;
        weir__nats_room_wait(nats, &pause, deadline);
    }
}

weir_status weir_nats_join(weir_nats *nats, weir_deadline deadline) {
    if (nats == NULL)
        return WEIR_INVALID;
    weir_status status = weir__nats_enter(nats);
    if (status != WEIR_OK)
        return status;
    status = join(nats, deadline);
    weir__nats_leave(nats);
    return status;
}
