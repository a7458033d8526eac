/*
 * burst.c - Implements bursts, and weir_nats_put_many with them.
 *
 * If other programs fill the queue in the middle of a burst, a put may be refused and a later one stored. Here such
 * puts are made again one by one, beyond the deadline by up to one `timeout` for all of them: the caller is told a
 * number of items, which must be the first ones. An item that is near the limit of the server goes alone, so that no
 * later one is stored before it is refused.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "burst.h"

#include "clock.h"
#include "connect.h"
#include "put.h"
#include "reason.h"
#include "room.h"
#include "send.h"

#include <stdlib.h>

enum { HEADERS_MOST = 256 }; /* bytes of the headers of a put */

struct weir__nats_burst *weir__nats_burst_create(void) {
    struct weir__nats_burst *burst = calloc(1, sizeof *burst);
    if (burst != NULL && !weir__nats_call_init(&burst->call)) {
        free(burst);
        return NULL;
    }
    return burst;
}

void weir__nats_burst_destroy(struct weir__nats_burst *burst) {
    weir__nats_buffer_free(&burst->bytes);
    weir__nats_call_destroy(&burst->call);
    free(burst);
}

static bool goes_alone(const weir_nats *nats, size_t size) {
    int64_t most = natsConnection_GetMaxPayload(nats->bulk);
    return most > 0 && (uint64_t)size + HEADERS_MOST > (uint64_t)most;
}

/* Encodes items until one fails or goes alone. */
static void encode(weir_nats *nats, struct weir__nats_burst *burst, void *const *items, size_t wanted) {
    burst->bytes.size = 0;
    for (burst->count = 0; burst->count < wanted; burst->count++) {
        size_t begin = burst->bytes.size;
        burst->offsets[burst->count] = begin;
        if (nats->config.encode(items[burst->count], &burst->bytes, nats->config.arg) != WEIR_OK ||
            goes_alone(nats, burst->bytes.size - begin)) {
            burst->bytes.size = begin;
            break;
        }
    }
    burst->offsets[burst->count] = burst->bytes.size;
}

/* Returns whether the server has certainly not stored a put that it was sent once. */
static bool is_refused(weir_nats *nats, const struct weir__nats_put *put) {
    switch (put->answer) {
        case ANSWER_STORED:
        case ANSWER_LATER:
            return false;
        case ANSWER_NONE:
            return weir__nats_is_refused(nats, put->subject);
        default:
            return true;
    }
}

static void send_all(weir_nats *nats, struct weir__nats_burst *burst, void *const *items) {
    for (size_t i = 0; i < burst->count; i++) {
        struct weir__nats_put *put = &burst->puts[i];
        weir__nats_put_begin(put, weir__nats_subject(nats, items[i]), burst->bytes.bytes + burst->offsets[i],
                             burst->offsets[i + 1] - burst->offsets[i]);
        put->call = &burst->call;
        weir__nats_send(nats, put);
    }
    weir__nats_await(nats, &burst->call, weir_deadline_after(nats->config.timeout));
    for (size_t i = 0; i < burst->count; i++) {
        struct weir__nats_put *put = &burst->puts[i];
        weir__nats_withdraw(nats, put);
        if (is_refused(nats, put)) {
            put->token = 0;
            put->sent = false;
        }
    }
}

size_t weir__nats_burst_send(weir_nats *nats, struct weir__nats_burst *burst, void *const *items, size_t wanted) {
    size_t admitted = 0;
    burst->count = 0;
    if (wanted < 2 || !weir__nats_connected(nats->bulk) || !weir__nats_connected(nats->prompt))
        return 0;
    if (weir__nats_room_admit(nats, wanted < BURST_MOST ? wanted : BURST_MOST, &admitted) == WEIR_OK && admitted >= 2) {
        encode(nats, burst, items, admitted);
        send_all(nats, burst, items);
    }
    weir__nats_room_leave(nats, admitted);
    return burst->count;
}

/* Counts the puts up to the last one that may be in the queue. */
static size_t count_to_last_sent(const struct weir__nats_burst *burst) {
    size_t end = burst->count;
    while (end > 0 && !burst->puts[end - 1].sent)
        end--;
    return end;
}

size_t weir__nats_burst_repeat(weir_nats *nats, struct weir__nats_burst *burst, weir_status *status,
                               weir_deadline deadline) {
    size_t place = nats->config.replicas == 1 ? burst->count : 0;
    weir_deadline patience = weir__nats_patience(nats, deadline);
    for (*status = WEIR_OK; place < burst->count; place++) {
        struct weir__nats_put *put = &burst->puts[place];
        if (put->sent && !put->stored)
            *status = weir__nats_put_once(nats, put, deadline, patience);
        if (*status != WEIR_OK) {
            put->sent = *status == WEIR_UNCERTAIN || *status == WEIR_NOMEM;
            break;
        }
    }
    return place;
}

/* Makes the puts that were not stored at once. Returns the status of the first that fails, and counts those before it. */
static weir_status settle(weir_nats *nats, struct weir__nats_burst *burst, size_t *done, weir_deadline deadline) {
    weir_status failure;
    size_t failed = weir__nats_burst_repeat(nats, burst, &failure, deadline), end = count_to_last_sent(burst);
    weir_deadline later = weir__nats_patience(nats, deadline);
    for (*done = 0; *done < burst->count; ++*done) {
        struct weir__nats_put *put = &burst->puts[*done];
        if (put->answer == ANSWER_STORED)
            continue;
        bool is_before_others = *done + 1 < end;
        weir_status status =
            *done == failed ? failure : weir__nats_put_within(nats, put, is_before_others ? later : deadline, later);
        if (status != WEIR_OK && status != WEIR_UNCERTAIN && is_before_others)
            return weir__nats_fail(nats, WEIR_UNCERTAIN, "an item was refused (%s), and later ones may be in the queue",
                                   weir_strerror(status));
        if (status != WEIR_OK)
            return status;
    }
    return WEIR_OK;
}

static weir_status put_some(weir_nats *nats, struct weir__nats_burst *burst, void *const *items, size_t wanted,
                            size_t *done, weir_deadline deadline) {
    if (weir__nats_burst_send(nats, burst, items, wanted) == 0) {
        weir_status status = weir_nats_put(nats, items[0], deadline);
        *done = status == WEIR_OK;
        return status;
    }
    weir_status status = settle(nats, burst, done, deadline);
    for (size_t i = 0; i < *done && nats->config.drop != NULL; i++)
        nats->config.drop(items[i], nats->config.arg);
    return status;
}

static weir_status put_all(weir_nats *nats, void *const *items, size_t count, size_t *put, weir_deadline deadline) {
    struct weir__nats_burst *burst = weir__nats_burst_create();
    weir_status status = burst == NULL ? WEIR_NOMEM : WEIR_OK;
    while (status == WEIR_OK && *put < count) {
        size_t done = 0;
        status = put_some(nats, burst, items + *put, count - *put, &done, deadline);
        *put += done;
    }
    if (burst != NULL)
        weir__nats_burst_destroy(burst);
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
