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
                                     .lane = (unsigned)lane};
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

bool weir__nats_ack_and_wait(struct weir__nats_held *held) {
    natsMsg *answer = NULL;
    natsStatus status = natsConnection_RequestString(&answer, held->nats->prompt, held->reply, "+ACK",
                                                     weir__nats_milliseconds(held->nats->config.timeout));
    natsMsg_Destroy(answer);
    weir__nats_forget(held);
    return status == NATS_OK;
}

void weir__nats_nak(struct weir__nats_held *held, uint64_t delay) {
    char text[64] = "-NAK";
    if (delay > 0)
        snprintf(text, sizeof text, "-NAK {\"delay\": %" PRIu64 "}", delay);
    natsConnection_PublishString(held->nats->bulk, held->reply, text);
    weir__nats_forget(held);
}

void weir__nats_dropped(struct weir__nats_held *held) {
    weir_nats *nats = held->nats;
    pthread_mutex_lock(&nats->lock);
    bool waits = nats->subscribed;
    held->dropped = waits;
    pthread_mutex_unlock(&nats->lock);
    if (!waits)
        weir__nats_nak(held, 0);
}

static struct weir__nats_held *find_dropped(weir_nats *nats) {
    pthread_mutex_lock(&nats->lock);
    struct weir__nats_held *held = nats->held;
    while (held != NULL && !held->dropped)
        held = held->next;
    pthread_mutex_unlock(&nats->lock);
    return held;
}

void weir__nats_return_dropped(weir_nats *nats) {
    for (struct weir__nats_held *held = find_dropped(nats); held != NULL; held = find_dropped(nats))
        weir__nats_nak(held, 0);
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
