/*
 * pull.c - Implements requests for items.
 *
 * A lane asks for as many items as this program has room for, once that is half of its window. The request ends with the
 * last of these items, by a message of the server when its time is over, or with the server. Half-way to its end it is
 * renewed: if an item must be delivered again, and the server has only requests that are over, 2.9.10 puts it off for
 * another ack_wait and delivers the newest item a second time. Two requests may be open then, and bring more than there is
 * room for.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pull.h"

#include "clock.h"
#include "connect.h"

#include <inttypes.h>
#include <stdio.h>

#define EXPIRES WEIR_SECOND
#define RENEWED_AFTER (EXPIRES / 2)
#define OVER_AFTER (EXPIRES + 50 * WEIR__NATS_MILLISECOND)
#define PAUSE (100 * WEIR__NATS_MILLISECOND)

static bool is_wanted_locked(const weir_nats *nats, const struct weir__nats_lane *lane) {
    uint64_t now = weir__nats_now();
    size_t room = lane->held < lane->most ? lane->most - lane->held : 0;
    if (nats->takers == 0 || nats->stopped || room == 0 || now < lane->paused_until)
        return false;
    if (now >= lane->asked + RENEWED_AFTER)
        return true;
    return lane->expected == 0 && room >= (lane->most + 1) / 2;
}

/*
 * Opens a request, and returns its number of items; 0 if none is due. One connection carries requests and the other one
 * items. While one is down, no request is made: libnats would keep them all, and send them at once later.
 */
static size_t open_request(weir_nats *nats, struct weir__nats_lane *lane, uint64_t *number) {
    if (!weir__nats_connected(nats->prompt) || !weir__nats_connected(nats->bulk))
        return 0;
    pthread_mutex_lock(&nats->lock);
    size_t count = 0;
    if (is_wanted_locked(nats, lane)) {
        count = lane->most - lane->held;
        lane->expected = count;
        lane->asked = weir__nats_now();
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
    if (pause)
        nats->lanes[lane].paused_until = weir_deadline_after(PAUSE);
}

bool weir__nats_pull_over_locked(const weir_nats *nats) {
    uint64_t now = weir__nats_now();
    for (size_t i = 0; i < nats->lane_count; i++) {
        if (nats->lanes[i].request > 0 && now < nats->lanes[i].asked + OVER_AFTER)
            return false;
    }
    return true;
}
