/*
 * take.c - Implements the way of an item from the server to its target.
 *
 * The reply subject of an item tells its lane, its place in the stream and how often it was delivered:
 *
 *     $JS.ACK.STREAM.CONSUMER.DELIVERED.SEQUENCE.PLACE.TIME.PENDING
 *
 * with two more words before the stream on newer servers. A message with a header "Status" ends a request.
 *
 * An item that returns to the server while a request of a program without a subscription is open is lost to 2.9.10
 * until ack_wait is over: the server takes it from its list for that request. So the last taker leaves the subscription
 * to the look, which ends it when no request is open, and returns the items that are not begun then.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "take.h"

#include "clock.h"
#include "connect.h"
#include "dead.h"
#include "held.h"
#include "pull.h"
#include "reason.h"
#include "sentinel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SHORT_REPLY = 9, LONG_REPLY = 11 }; /* words */

static size_t count_words(const char *subject) {
    size_t words = 1;
    for (; *subject != '\0'; subject++)
        words += *subject == '.';
    return words;
}

static const char *skip_words(const char *subject, size_t count) {
    while (count > 0 && *subject != '\0')
        count -= *subject++ == '.';
    return subject;
}

/* Returns whether it is the reply subject of an item of a lane. */
static bool read_reply(const weir_nats *nats, const char *reply, size_t *lane, uint64_t *sequence, unsigned *attempt) {
    size_t words = reply == NULL ? 0 : count_words(reply);
    if (words != SHORT_REPLY && words < LONG_REPLY)
        return false;
    const char *consumer = skip_words(reply, words == SHORT_REPLY ? 3 : 5);
    const char *delivered = skip_words(consumer, 1);
    *lane = strncmp(consumer, "close.", 6) == 0 ? nats->lane_count - 1 : strtoul(consumer + strlen("lane_"), NULL, 10);
    *attempt = (unsigned)strtoul(delivered, NULL, 10);
    *sequence = strtoull(skip_words(delivered, 1), NULL, 10);
    return *lane < nats->lane_count && *sequence != 0;
}

/* The end of a request: 404 and 408 if its time is over; others, such as 409, if the server has a new leader. */
static void request_ended(weir_nats *nats, const char *subject, const char *code) {
    const char *words = strstr(subject, ".take.");
    unsigned long lane = 0;
    unsigned long long number = 0;
    if (words == NULL || sscanf(words, ".take.%lu.%llu", &lane, &number) != 2)
        return;
    pthread_mutex_lock(&nats->lock);
    weir__nats_pull_ended_locked(nats, lane, number, strcmp(code, "408") != 0);
    pthread_mutex_unlock(&nats->lock);
    weir__nats_pull(nats);
}

static void item_arrived(weir_nats *nats, natsMsg *message) {
    size_t lane;
    uint64_t sequence;
    unsigned attempt;
    if (!read_reply(nats, natsMsg_GetReply(message), &lane, &sequence, &attempt)) {
        natsMsg_Destroy(message);
        return;
    }
    struct weir__nats_held *held = weir__nats_hold(nats, message, lane, sequence, attempt);
    pthread_mutex_lock(&nats->lock);
    if (nats->lanes[lane].expected > 0)
        nats->lanes[lane].expected--;
    bool taken = nats->takers > 0;
    pthread_mutex_unlock(&nats->lock);
    if (held == NULL)
        natsMsg_Destroy(message);
    else if (!taken)
        weir__nats_dropped(held);
    else if (held->sentinel)
        weir__nats_sentinel_arrived(held);
    else if (attempt > nats->config.attempts)
        weir__nats_bury(held);
    else
        nats->deliver(nats->target, held);
    weir__nats_pull_lane(nats, lane);
}

static void arrived(natsConnection *connection, natsSubscription *subscription, natsMsg *message, void *handle) {
    weir_nats *nats = handle;
    const char *code = NULL;
    (void)connection;
    (void)subscription;
    if (natsMsgHeader_Get(message, "Status", &code) == NATS_OK) {
        request_ended(nats, natsMsg_GetSubject(message), code);
        natsMsg_Destroy(message);
    } else {
        item_arrived(nats, message);
    }
}

static weir_status subscribe(weir_nats *nats) {
    char subject[SUBJECT_BYTES];
    snprintf(subject, sizeof subject, "%s.take.>", nats->inbox);
    natsStatus status = weir__nats_subscribe(nats, &nats->arrivals, nats->bulk, subject, NULL, arrived);
    if (status == NATS_OK) /* requests use the other connection */
        status = natsConnection_FlushTimeout(nats->bulk, weir__nats_milliseconds(nats->config.timeout));
    if (status != NATS_OK && nats->arrivals == NULL)
        return weir__nats_fail_as(nats, status, 0, "cannot subscribe", NULL);
    return WEIR_OK; /* if the connection is lost at this moment, libnats subscribes when it is made again */
}

weir_status weir__nats_take(weir_nats *nats, weir__nats_deliver_func *deliver, void *target) {
    weir_status status = WEIR_OK;
    pthread_mutex_lock(&nats->takes);
    pthread_mutex_lock(&nats->lock);
    nats->passed = 0;
    nats->deliver = deliver;
    nats->target = target;
    bool subscribed = nats->subscribed;
    pthread_mutex_unlock(&nats->lock);
    if (!subscribed)
        status = subscribe(nats);
    if (status == WEIR_OK) {
        pthread_mutex_lock(&nats->lock);
        nats->subscribed = true;
        nats->takers++;
        pthread_cond_broadcast(&nats->changed);
        pthread_mutex_unlock(&nats->lock);
    }
    pthread_mutex_unlock(&nats->takes);
    weir__nats_pull(nats);
    return status;
}

bool weir__nats_take_no_more(weir_nats *nats) {
    pthread_mutex_lock(&nats->lock);
    bool last = --nats->takers == 0;
    struct weir__nats_held *sentinel = last ? nats->sentinel : NULL;
    if (last)
        nats->sentinel = NULL;
    pthread_cond_broadcast(&nats->changed);
    pthread_mutex_unlock(&nats->lock);
    if (sentinel != NULL)
        weir__nats_dropped(sentinel);
    return last;
}

static bool may_rest(weir_nats *nats) {
    pthread_mutex_lock(&nats->lock);
    bool may = nats->subscribed && nats->takers == 0 && weir__nats_pull_over_locked(nats);
    pthread_mutex_unlock(&nats->lock);
    return may;
}

/* What the server has sent until the end of the subscription still arrives. */
static void unsubscribe(weir_nats *nats) {
    int64_t patience = weir__nats_milliseconds(nats->config.timeout);
    if (natsSubscription_DrainTimeout(nats->arrivals, patience) == NATS_OK)
        natsSubscription_WaitForDrainCompletion(nats->arrivals, patience);
    natsSubscription_Destroy(nats->arrivals);
    nats->arrivals = NULL;
}

/* What has arrived while the last taker ended was stored for it. */
static void drop_leftovers(weir_nats *nats) {
    void *left;
    pthread_mutex_lock(&nats->lock);
    struct weir__nats_held *sentinel = nats->sentinel;
    nats->sentinel = NULL;
    pthread_mutex_unlock(&nats->lock);
    if (sentinel != NULL)
        weir__nats_dropped(sentinel);
    while (weir_queue_try_get(nats->arrived, &left) == WEIR_OK)
        weir__nats_dropped(left);
}

void weir__nats_take_rest(weir_nats *nats) {
    pthread_mutex_lock(&nats->takes);
    if (may_rest(nats)) {
        unsubscribe(nats);
        drop_leftovers(nats);
        pthread_mutex_lock(&nats->lock);
        nats->subscribed = false;
        pthread_mutex_unlock(&nats->lock);
        weir__nats_return_dropped(nats);
        pthread_mutex_lock(&nats->lock);
        pthread_cond_broadcast(&nats->changed);
        pthread_mutex_unlock(&nats->lock);
    }
    pthread_mutex_unlock(&nats->takes);
}

weir_status weir__nats_decode(struct weir__nats_held *held, void **item) {
    const weir_nats_config *config = &held->nats->config;
    const char *bytes = natsMsg_GetData(held->message), *again = NULL;
    bool put_again = natsMsgHeader_Get(held->message, "Weir-Again", &again) == NATS_OK;
    weir_nats_message message = {bytes == NULL ? "" : bytes, (size_t)natsMsg_GetDataLength(held->message),
                                 held->attempt + put_again, held->sequence};
    weir_status status = config->decode(&message, item, config->arg);
    if (status != WEIR_OK) {
        weir__nats_fail(held->nats, status, "item %llu cannot be decoded", (unsigned long long)held->sequence);
        weir__nats_failed(held);
        return status;
    }
    natsMsg_Destroy(held->message);
    held->message = NULL;
    return WEIR_OK;
}
