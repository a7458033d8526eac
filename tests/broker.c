/*
 * broker.c - see broker.h.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "broker.h"

#include <string.h>

static void lock(struct broker *broker) {
    pthread_mutex_lock(&broker->lock);
}

static void unlock(struct broker *broker) {
    pthread_mutex_unlock(&broker->lock);
}

static bool has_room_locked(const struct broker *broker) {
    return broker->put < BROKER_MESSAGES && broker->put - broker->settled < broker->capacity;
}

static void append_locked(struct broker *broker, void *item, bool sentinel) {
    broker->messages[broker->put++] = (struct message){.item = item, .sentinel = sentinel};
    pthread_cond_broadcast(&broker->changed);
}

static weir_status put(void *state, void *const *items, size_t count, size_t *accepted) {
    struct broker *broker = state;
    if (broker->put_gate != NULL)
        gate_pass(broker->put_gate);
    lock(broker);
    weir_status status = broker->refusal;
    while (status == WEIR_OK && *accepted < count) {
        status = has_room_locked(broker) ? WEIR_OK : WEIR_FULL;
        if (status == WEIR_OK)
            append_locked(broker, items[(*accepted)++], false);
    }
    unlock(broker);
    return status;
}

static weir_status put_sentinel(void *state) {
    struct broker *broker = state;
    lock(broker);
    weir_status status = broker->refusal;
    if (status == WEIR_OK && !has_room_locked(broker))
        status = WEIR_FULL;
    if (status == WEIR_OK)
        append_locked(broker, NULL, true);
    unlock(broker);
    return status;
}

static void end(struct broker *broker, struct message *message, enum message_state state, size_t *count) {
    lock(broker);
    broker->wrong += message->state != DELIVERED;
    message->state = state;
    ++*count;
    pthread_cond_broadcast(&broker->changed);
    unlock(broker);
}

static void settle(void *state, void *receipt) {
    struct broker *broker = state;
    if (broker->settle_gate != NULL)
        gate_pass(broker->settle_gate);
    end(broker, receipt, SETTLED, &broker->settled);
    (void)weir_queue_port_changed(broker->queue);
}

static void give_back(void *state, void *receipt) {
    struct broker *broker = state;
    end(broker, receipt, AT_BROKER, &broker->given_back);
}

static weir_status count(void *state, size_t *queued, size_t *unfinished) {
    struct broker *broker = state;
    lock(broker);
    for (size_t i = 0; i < broker->put; i++) {
        *queued += broker->messages[i].state == AT_BROKER;
        *unfinished += broker->messages[i].state != SETTLED;
    }
    weir_status status = broker->refusal;
    unlock(broker);
    return status;
}

/* Returns the first message at the broker. A sentinel comes once everything before it is settled. */
static struct message *next_locked(struct broker *broker) {
    bool all_settled = true;
    for (size_t i = 0; i < broker->put; i++) {
        struct message *message = &broker->messages[i];
        if (message->state == AT_BROKER && (!message->sentinel || all_settled))
            return message;
        all_settled = all_settled && message->state == SETTLED;
    }
    return NULL;
}

static weir_status deliver(struct broker *broker, struct message *message, weir_deadline deadline) {
    weir_status status = message->sentinel ? weir_queue_deliver_close(broker->queue, message)
                                           : weir_queue_deliver(broker->queue, message->item, message, deadline);
    if (status == WEIR_OK)
        return status;
    lock(broker);
    message->state = AT_BROKER;
    message->deliveries--;
    unlock(broker);
    return status;
}

static struct message *take_locked(struct broker *broker) {
    struct message *message = next_locked(broker);
    if (message != NULL) {
        message->state = DELIVERED;
        message->deliveries++;
    }
    return message;
}

weir_status broker_deliver(struct broker *broker, weir_deadline deadline) {
    lock(broker);
    struct message *message = take_locked(broker);
    unlock(broker);
    return message == NULL ? WEIR_EMPTY : deliver(broker, message, deadline);
}

static void *deliver_all(void *raw) {
    struct broker *broker = raw;
    bool open = true;
    while (open) {
        struct message *message = NULL;
        lock(broker);
        while (!broker->stopping && (message = take_locked(broker)) == NULL)
            pthread_cond_wait(&broker->changed, &broker->lock);
        unlock(broker);
        open = message != NULL && deliver(broker, message, WEIR_NEVER) == WEIR_OK;
    }
    return NULL;
}

static void stop(void *state) {
    struct broker *broker = state;
    lock(broker);
    broker->stopping = broker->destroyed = true;
    pthread_cond_broadcast(&broker->changed);
    unlock(broker);
    if (broker->started)
        thread_join(broker->thread);
}

weir_queue *broker_open(struct broker *broker, size_t capacity, size_t window, bool delivers,
                        const weir_queue_options *options) {
    weir_queue_options settings = options == NULL ? (weir_queue_options){.name = "broker"} : *options;
    const weir_queue_port port = {.put = put,
                                  .close = put_sentinel,
                                  .settle = settle,
                                  .give_back = give_back,
                                  .count = count,
                                  .destroy = stop,
                                  .state = broker,
                                  .window = window};
    memset(broker, 0, sizeof *broker);
    pthread_mutex_init(&broker->lock, NULL);
    pthread_cond_init(&broker->changed, NULL);
    settings.capacity = broker->capacity = capacity;
    assert_status(WEIR_OK, weir_queue_create_port(&broker->queue, &settings, &port));
    if (delivers)
        thread_start(&broker->thread, deliver_all, broker);
    broker->started = delivers;
    return broker->queue;
}

void broker_refuse(struct broker *broker, weir_status refusal) {
    lock(broker);
    broker->refusal = refusal;
    unlock(broker);
    if (refusal == WEIR_OK)
        assert_status(WEIR_OK, weir_queue_port_changed(broker->queue));
}

static size_t read_count(struct broker *broker, const size_t *at) {
    lock(broker);
    size_t value = *at;
    unlock(broker);
    return value;
}

size_t broker_settled(struct broker *broker) {
    return read_count(broker, &broker->settled);
}

size_t broker_given_back(struct broker *broker) {
    return read_count(broker, &broker->given_back);
}

void broker_close(struct broker *broker) {
    assert_status(WEIR_OK, weir_queue_destroy(broker->queue));
    ck_assert(broker->destroyed);
    ck_assert_uint_eq(broker->wrong, 0);
    size_t delivered = 0;
    for (size_t i = 0; i < broker->put; i++) {
        ck_assert(broker->messages[i].state != DELIVERED);
        delivered += broker->messages[i].deliveries;
    }
    ck_assert_uint_eq(delivered, broker->settled + broker->given_back);
    pthread_mutex_destroy(&broker->lock);
    pthread_cond_destroy(&broker->changed);
}
