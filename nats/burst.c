/*
 * burst.c - Implements weir_nats_put_many: several puts are sent before their answers have come.
 *
 * A burst is as large as the room that is known. If other programs fill the queue in the middle of it, a put in the middle
 * may be refused and a later one stored. The refused ones are then made one by one, without a deadline: the caller is told
 * a number of items, which must be the first ones.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "buffer.h"
#include "clock.h"
#include "connect.h"
#include "put.h"
#include "reason.h"
#include "room.h"
#include "send.h"

#include <stdlib.h>

enum { BURST = 256 };

struct burst {
    struct weir__nats_call call;
    size_t count, admitted;
    struct weir__nats_put puts[BURST];
    size_t offsets[BURST + 1];
    weir_nats_buffer bytes;
};

/* Encodes items until one fails. Returns the status of that. */
static weir_status encode(weir_nats *nats, struct burst *burst, void *const *items, size_t wanted) {
    weir_status status = WEIR_OK;
    burst->bytes.size = 0;
    for (burst->count = 0; burst->count < wanted && status == WEIR_OK; burst->count++) {
        burst->offsets[burst->count] = burst->bytes.size;
        status = nats->config.encode(items[burst->count], &burst->bytes, nats->config.arg);
    }
    if (status != WEIR_OK)
        burst->bytes.size = burst->offsets[--burst->count];
    burst->offsets[burst->count] = burst->bytes.size;
    return status;
}

static void send_all(weir_nats *nats, struct burst *burst, void *const *items) {
    for (size_t i = 0; i < burst->count; i++) {
        struct weir__nats_put *put = &burst->puts[i];
        weir__nats_put_begin(put, weir__nats_subject(nats, items[i]), burst->bytes.bytes + burst->offsets[i],
                             burst->offsets[i + 1] - burst->offsets[i]);
        put->call = &burst->call;
        weir__nats_send(nats, put);
    }
    weir__nats_await(nats, &burst->call, weir_deadline_after(nats->config.timeout));
    for (size_t i = 0; i < burst->count; i++)
        weir__nats_withdraw(nats, &burst->puts[i]);
    weir__nats_room_leave(nats, burst->admitted);
}

static size_t after_last_stored(const struct burst *burst) {
    size_t end = burst->count;
    while (end > 0 && burst->puts[end - 1].answer != ANSWER_STORED)
        end--;
    return end;
}

/* Makes the puts that were not stored at once. Returns the status of the first that fails, and counts those before it. */
static weir_status settle(weir_nats *nats, struct burst *burst, size_t *done, weir_deadline deadline) {
    size_t must = after_last_stored(burst);
    for (*done = 0; *done < burst->count; ++*done) {
        struct weir__nats_put *put = &burst->puts[*done];
        if (put->answer == ANSWER_STORED)
            continue;
        if (put->answer == ANSWER_FULL) {
            put->token = 0;
            put->sent = false;
        }
        weir_status status = weir__nats_put_until(nats, put, *done < must ? WEIR_NEVER : deadline);
        if (status != WEIR_OK)
            return status;
    }
    return WEIR_OK;
}

static weir_status put_burst(weir_nats *nats, struct burst *burst, void *const *items, size_t wanted, size_t *done,
                             weir_deadline deadline) {
    *done = 0;
    burst->admitted = 0;
    if (!weir__nats_connected(nats->bulk) ||
        weir__nats_room_admit(nats, wanted < BURST ? wanted : BURST, &burst->admitted) != WEIR_OK ||
        burst->admitted < 2) {
        weir__nats_room_leave(nats, burst->admitted);
        weir_status status = weir_nats_put(nats, items[0], deadline);
        *done = status == WEIR_OK;
        return status;
    }
    weir_status encoded = encode(nats, burst, items, burst->admitted);
    send_all(nats, burst, items);
    weir_status status = settle(nats, burst, done, deadline);
    for (size_t i = 0; i < *done && nats->config.drop != NULL; i++)
        nats->config.drop(items[i], nats->config.arg);
    return status == WEIR_OK ? encoded : status;
}

static weir_status put_all(weir_nats *nats, void *const *items, size_t count, size_t *put, weir_deadline deadline) {
    struct burst *burst = calloc(1, sizeof *burst);
    weir_status status = burst == NULL || !weir__nats_call_init(&burst->call) ? WEIR_NOMEM : WEIR_OK;
    if (status != WEIR_OK) {
        free(burst);
        return status;
    }
    while (status == WEIR_OK && *put < count) {
        size_t done;
        status = put_burst(nats, burst, items + *put, count - *put, &done, deadline);
        *put += done;
    }
    weir__nats_buffer_free(&burst->bytes);
    weir__nats_call_destroy(&burst->call);
    free(burst);
    return status;
}

weir_status weir_nats_put_many(weir_nats *nats, void *const *items, size_t count, size_t *put, weir_deadline deadline) {
    if (put == NULL)
        return WEIR_INVALID;
    *put = 0;
    if (nats == NULL || (items == NULL && count > 0))
        return WEIR_INVALID;
    weir_status status = weir__nats_enter(nats);
    if (status != WEIR_OK)
        return status;
    status = put_all(nats, items, count, put, deadline);
    weir__nats_leave(nats);
    return status;
}
