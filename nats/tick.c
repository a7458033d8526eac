/*
 * tick.c - Implements the two threads of a handle.
 *
 * The tick never waits for the server: it keeps held items alive, renews requests, and ends the wait for room. The look asks
 * the server: whether a sentinel is the first, for the end of a subscription, and for messages that were passed over. An
 * answer may take `timeout`, in which held items must be kept alive. While nothing can be due, both sleep.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "tick.h"

#include "clock.h"
#include "held.h"
#include "pull.h"
#include "repair.h"
#include "room.h"
#include "sentinel.h"
#include "take.h"

#define USUAL (100 * WEIR__NATS_MILLISECOND)
#define SOON (10 * WEIR__NATS_MILLISECOND)

typedef weir_deadline next_func(const weir_nats *nats);

static weir_deadline next_tick_locked(const weir_nats *nats) {
    if (!nats->subscribed && nats->held == NULL && nats->waited == 0)
        return WEIR_NEVER;
    return weir_deadline_after(weir__nats_sooner(USUAL, nats->config.ack_wait / 6));
}

static weir_deadline next_look_locked(const weir_nats *nats) {
    if (!nats->subscribed)
        return WEIR_NEVER;
    return weir_deadline_after(nats->sentinel != NULL || nats->takers == 0 ? SOON : USUAL);
}

/* Waits until `next`, which may come to be sooner. Returns whether the handle goes on. */
static bool wait_until(weir_nats *nats, next_func *next) {
    pthread_mutex_lock(&nats->lock);
    weir_deadline until = next(nats);
    while (!nats->stopped && weir__nats_now() < until) {
        weir__nats_cond_wait(&nats->changed, &nats->lock, until);
        until = weir__nats_sooner(until, next(nats));
    }
    bool goes_on = !nats->stopped;
    pthread_mutex_unlock(&nats->lock);
    return goes_on;
}

static void *tick(void *handle) {
    weir_nats *nats = handle;
    while (wait_until(nats, next_tick_locked)) {
        weir__nats_keep_alive(nats);
        weir__nats_pull(nats);
        weir__nats_room_look(nats);
        weir__nats_room_rest(nats);
    }
    return NULL;
}

static void *look(void *handle) {
    weir_nats *nats = handle;
    while (wait_until(nats, next_look_locked)) {
        weir__nats_sentinel_pass(nats);
        weir__nats_return_late(nats);
        weir__nats_take_rest(nats);
        weir__nats_repair(nats);
    }
    return NULL;
}

weir_status weir__nats_tick_start(weir_nats *nats) {
    if (pthread_create(&nats->tick, NULL, tick, nats) != 0)
        return WEIR_NOTHREAD;
    if (pthread_create(&nats->look, NULL, look, nats) == 0)
        return WEIR_OK;
    pthread_mutex_lock(&nats->lock);
    nats->stopped = true;
    pthread_cond_broadcast(&nats->changed);
    pthread_mutex_unlock(&nats->lock);
    pthread_join(nats->tick, NULL);
    return WEIR_NOTHREAD;
}

void weir__nats_tick_join(weir_nats *nats) {
    pthread_join(nats->tick, NULL);
    pthread_join(nats->look, NULL);
}
