/*
 * pull.c - Implements requests for items.
 *
 * A lane has at most one open request: for as many items as this program has room for, once that is half of its window. It
 * ends with the last of these items, by a message of the server, or, if the server is gone, when its time is over.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pull.h"

#include "clock.h"

#include <inttypes.h>
#include <stdio.h>

#define EXPIRES (1 * WEIR_SECOND)
#define LOST_AFTER (EXPIRES + WEIR_SECOND / 2)
#define PAUSE (100 * WEIR__NATS_MILLISECOND)

static bool is_wanted_locked(const weir_nats *nats, const struct weir__nats_lane *lane) {
    uint64_t now = weir__nats_now();
    if (nats->takers == 0 || nats->stopped || (lane->paused && now < lane->until))
        return false;
    if (lane->expected > 0 && now < lane->until)
        return false;
    return lane->held < lane->most && lane->most - lane->held >= (lane->most + 1) / 2;
}

/* Opens a request, and returns its number of items; 0 if none is due. */
static size_t open_request(weir_nats *nats, struct weir__nats_lane *lane, uint64_t *number) {
    pthread_mutex_lock(&nats->lock);
    size_t count = 0;
    if (is_wanted_locked(nats, lane)) {
        count = lane->most - lane->held;
        lane->expected = count;
        lane->paused = false;
        lane->until = weir_deadline_after(LOST_AFTER);
        *number = ++lane->request;
    }
    pthread_mutex_unlock(&nats->lock);
    return count;
}

static void send_request(weir_nats *nats, size_t index, uint64_t number, size_t count) {
    char subject[2 * NAME_BYTES + 64], reply[SUBJECT_BYTES], body[96];
    snprintf(subject, sizeof subject, "$JS.API.CONSUMER.MSG.NEXT.%s.%s", nats->stream, nats->lanes[index].consumer);
    snprintf(reply, sizeof reply, "%s.take.%zu.%" PRIu64, nats->inbox, index, number);
    int length = snprintf(body, sizeof body, "{\"batch\":%zu,\"expires\":%" PRIu64 "}", count, EXPIRES);
    natsConnection_PublishRequest(nats->prompt, subject, reply, body, length);
}

void weir__nats_pull_lane(weir_nats *nats, size_t index) {
    uint64_t number = 0;
    size_t count = open_request(nats, &nats->lanes[index], &number);
    if (count > 0)
        send_request(nats, index, number, count);
}

void weir__nats_pull(weir_nats *nats) {
    for (size_t i = 0; i < nats->lane_count; i++)
        weir__nats_pull_lane(nats, i);
}

void weir__nats_pull_again(weir_nats *nats) {
    pthread_mutex_lock(&nats->lock);
    for (size_t i = 0; i < nats->lane_count; i++)
        nats->lanes[i].expected = 0;
    pthread_mutex_unlock(&nats->lock);
    weir__nats_pull(nats);
}

void weir__nats_pull_ended_locked(weir_nats *nats, size_t lane, uint64_t number, bool pause) {
    if (lane >= nats->lane_count || nats->lanes[lane].request != number)
        return;
    nats->lanes[lane].expected = 0;
    nats->lanes[lane].paused = pause;
    if (pause)
        nats->lanes[lane].until = weir_deadline_after(PAUSE);
}
