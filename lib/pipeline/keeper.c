/*
 * keeper.c - the thread that keeps the times.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/keeper.h"

#include <string.h>

#include <weir/deadline.h>

/* Waits for a timer that is due, and takes it out; NULL: the thread is to end. The lock is held before and after. */
static weir__timer *next_locked(weir__keeper *keeper) {
    while (!keeper->ending) {
        uint64_t due = keeper->timers.root == NULL ? WEIR_NEVER : keeper->timers.root->rank;
        if (due != WEIR_NEVER && weir__clock_now() >= due)
            return (weir__timer *)weir__heap_pop(&keeper->timers);
        weir__park_wait(&keeper->park, &keeper->lock, due, NULL);
    }
    return NULL;
}

static void keep(void *raw) {
    weir__keeper *keeper = raw;
    weir__timer *timer;
    weir__lock_acquire(&keeper->lock);
    while ((timer = next_locked(keeper)) != NULL) {
        weir__lock_release(&keeper->lock);
        timer->ring(timer);
        weir__lock_acquire(&keeper->lock);
    }
    weir__lock_release(&keeper->lock);
}

bool weir__keeper_start(weir__keeper *keeper) {
    keeper->thread = (weir__thread){.main = keep, .arg = keeper};
    strcpy(keeper->thread.name, "weir-keeper");
    keeper->started = weir__thread_start(&keeper->thread);
    return keeper->started;
}

bool weir__keeper_set(weir__keeper *keeper, weir__timer *timer, uint64_t due) {
    timer->node.rank = due;
    weir__lock_acquire(&keeper->lock);
    bool open = !keeper->closed;
    if (open)
        weir__heap_push(&keeper->timers, &timer->node);
    if (open && keeper->timers.root == &timer->node) /* only an earlier time concerns the thread */
        weir__park_release_all(&keeper->park, &keeper->lock);
    else
        weir__lock_release(&keeper->lock);
    return open;
}

void weir__keeper_close(weir__keeper *keeper) {
    weir__lock_acquire(&keeper->lock);
    keeper->closed = true;
    while (keeper->timers.root != NULL) {
        weir__timer *timer = (weir__timer *)weir__heap_pop(&keeper->timers);
        weir__lock_release(&keeper->lock);
        timer->ring(timer);
        weir__lock_acquire(&keeper->lock);
    }
    weir__lock_release(&keeper->lock);
}

void weir__keeper_end(weir__keeper *keeper) {
    weir__lock_acquire(&keeper->lock);
    keeper->ending = true;
    weir__park_release_all(&keeper->park, &keeper->lock);
}

bool weir__keeper_join_until(weir__keeper *keeper, uint64_t deadline) {
    if (keeper->started && !weir__thread_join_until(&keeper->thread, deadline))
        return false;
    keeper->started = false;
    return true;
}
