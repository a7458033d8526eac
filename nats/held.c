/*
 * held.c - Implements the items that are held.
 *
 * What is told of an item is a message to its reply subject: +ACK, -NAK or +WPI (in work). A lost one does no harm: the
 * server delivers the item again after ack_wait.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "held.h"

#include "buffer.h"
#include "clock.h"
#include "connect.h"
#include "pull.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct weir__nats_held *weir__nats_hold(weir_nats *nats, natsMsg *message, size_t lane, uint64_t sequence,
                                        unsigned attempt) {
    struct weir__nats_held *held = calloc(1, sizeof *held);
    char *reply = strdup(natsMsg_GetReply(message));
    if (held == NULL || reply == NULL) {
        free(held);
        free(reply);
        return NULL;
    }
    *held = (struct weir__nats_held){.nats = nats,
                                     .message = message,
                                     .reply = reply,
                                     .sequence = sequence,
                                     .told = weir__nats_now(),
                                     .attempt = attempt,
                                     .lane = (unsigned)lane,
                                     .sentinel = lane + 1 == nats->lane_count};
    pthread_mutex_lock(&nats->lock);
    held->next = nats->held;
    if (nats->held != NULL)
        nats->held->previous = held;
    nats->held = held;
    nats->lanes[lane].held++;
    pthread_mutex_unlock(&nats->lock);
    return held;
}

void weir__nats_forget(struct weir__nats_held *held) {
    weir_nats *nats = held->nats;
    pthread_mutex_lock(&nats->lock);
    if (held->previous == NULL)
        nats->held = held->next;
    else
        held->previous->next = held->next;
    if (held->next != NULL)
        held->next->previous = held->previous;
    nats->lanes[held->lane].held--;
    pthread_mutex_unlock(&nats->lock);
    natsMsg_Destroy(held->message);
    free(held->reply);
    size_t lane = held->lane;
    free(held);
    weir__nats_pull_lane(nats, lane);
}

void weir__nats_ack(struct weir__nats_held *held) {
    natsConnection_PublishString(held->nats->bulk, held->reply, "+ACK");
    weir__nats_forget(held);
}

/* A returned sentinel may come here again. */
static void forget_that_it_passed(const struct weir__nats_held *held) {
    weir_nats *nats = held->nats;
    pthread_mutex_lock(&nats->lock);
    if (held->sentinel && held->sequence == nats->passed)
        nats->passed = 0;
    pthread_mutex_unlock(&nats->lock);
}

void weir__nats_nak(struct weir__nats_held *held, uint64_t delay) {
    char text[64] = "-NAK";
    if (delay > 0)
        snprintf(text, sizeof text, "-NAK {\"delay\": %" PRIu64 "}", delay);
    forget_that_it_passed(held);
    natsConnection_PublishString(held->nats->bulk, held->reply, text);
    weir__nats_forget(held);
}

void weir__nats_dropped(struct weir__nats_held *held) {
    weir_nats *nats = held->nats;
    pthread_mutex_lock(&nats->lock);
    bool waits = nats->subscribed;
    held->dropped = waits;
    held->dropped_at = weir__nats_now();
    pthread_mutex_unlock(&nats->lock);
    forget_that_it_passed(held);
    if (!waits)
        weir__nats_nak(held, 0);
}

/* Returns one that was dropped before `time`; NULL if there is none. */
static struct weir__nats_held *find_dropped(weir_nats *nats, uint64_t time) {
    pthread_mutex_lock(&nats->lock);
    struct weir__nats_held *held = nats->held;
    while (held != NULL && (!held->dropped || held->dropped_at >= time))
        held = held->next;
    pthread_mutex_unlock(&nats->lock);
    return held;
}

static void return_those_before(weir_nats *nats, uint64_t time) {
    struct weir__nats_held *held;
    while ((held = find_dropped(nats, time)) != NULL)
        weir__nats_nak(held, 0);
}

void weir__nats_return_dropped(weir_nats *nats) {
    return_those_before(nats, UINT64_MAX);
}

void weir__nats_return_late(weir_nats *nats) {
    pthread_mutex_lock(&nats->lock);
    bool taken = nats->takers > 0;
    pthread_mutex_unlock(&nats->lock);
    if (taken)
        return_those_before(nats, weir__nats_now() - WEIR_SECOND);
}

void weir__nats_failed(struct weir__nats_held *held) {
    const weir_nats_config *config = &held->nats->config;
    weir__nats_nak(held, held->attempt < config->attempts ? config->retry_delay : 0);
}

void weir__nats_keep_alive(weir_nats *nats) {
    weir_nats_buffer replies = {NULL, 0, 0};
    uint64_t now = weir__nats_now();
    pthread_mutex_lock(&nats->lock);
    for (struct weir__nats_held *held = nats->held; held != NULL; held = held->next) {
        if (now - held->told < nats->config.ack_wait / 3)
            continue;
        if (weir_nats_buffer_add(&replies, held->reply, strlen(held->reply) + 1) != WEIR_OK)
            break;
        held->told = now;
    }
    pthread_mutex_unlock(&nats->lock);
    for (size_t at = 0; at < replies.size; at += strlen(replies.bytes + at) + 1)
        natsConnection_PublishString(nats->bulk, replies.bytes + at, "+WPI");
    weir__nats_buffer_free(&replies);
}
