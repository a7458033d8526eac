/*
 * tick.c - Implements the thread of a handle: it keeps held items alive, renews requests, looks whether a sentinel
 * is the first, and ends the wait for room. While nothing of that can be due, it sleeps.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "tick.h"

#include "clock.h"
#include "held.h"
#include "pull.h"
#include "repair.h"
#include "room.h"
#include "take.h"

#define USUAL (100 * WEIR__NATS_MILLISECOND)
#define SOON (10 * WEIR__NATS_MILLISECOND)

static weir_deadline next_locked(const weir_nats *nats) {
    if (!nats->subscribed && nats->held == NULL && nats->waited == 0)
        return WEIR_NEVER;
    if (nats->sentinel != NULL || (nats->subscribed && nats->takers == 0))
        return weir_deadline_after(SOON);
    return weir_deadline_after(weir__nats_sooner(USUAL, nats->config.ack_wait / 6));
}

/* Waits for the next tick. Returns whether the handle goes on. */
static bool wait_for_tick(weir_nats *nats) {
    pthread_mutex_lock(&nats->lock);
    weir_deadline until = next_locked(nats);
    while (!nats->stopped && weir__nats_now() < until) {
        weir__nats_cond_wait(&nats->changed, &nats->lock, until);
        until = weir__nats_sooner(until, next_locked(nats));
    }
    bool goes_on = !nats->stopped;
    pthread_mutex_unlock(&nats->lock);
    return goes_on;
}

static void *run(void *handle) {
    weir_nats *nats = handle;
    while (wait_for_tick(nats)) {
        weir__nats_keep_alive(nats);
        weir__nats_pull(nats);
        weir__nats_pass_sentinel(nats);
        weir__nats_return_late(nats);
        weir__nats_take_rest(nats);
        weir__nats_repair(nats);
        weir__nats_room_look(nats);
        weir__nats_room_rest(nats);
    }
    return NULL;
}

weir_status weir__nats_tick_start(weir_nats *nats) {
    return pthread_create(&nats->tick, NULL, run, nats) == 0 ? WEIR_OK : WEIR_NOTHREAD;
}
