/*
 * timer.c - Runs the timer thread.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "timer/timer.h"

#include <string.h>

#include <weir/deadline.h>

/*
 * Blocks until a timer is due. Removes and returns it. Returns NULL if the thread must end. The lock is held on entry
 * and exit.
 */
static weir__timer *next_locked(weir__timers *timers) {
    while (!timers->ending) {
        uint64_t due = timers->set.root == NULL ? WEIR_NEVER : timers->set.root->rank;
        if (due != WEIR_NEVER && weir__clock_now() >= due)
            return (weir__timer *)weir__heap_pop(&timers->set);
        weir__park_wait(&timers->park, &timers->lock, due, NULL);
    }
    return NULL;
}

static void ring_timers(void *raw) {
    weir__timers *timers = raw;
    weir__timer *timer;
    weir__lock_acquire(&timers->lock);
    while ((timer = next_locked(timers)) != NULL) {
        weir__lock_release(&timers->lock);
        timer->ring(timer);
        weir__lock_acquire(&timers->lock);
    }
    weir__lock_release(&timers->lock);
}

bool weir__timers_start(weir__timers *timers) {
    timers->thread = (weir__thread){.main = ring_timers, .arg = timers};
    strcpy(timers->thread.name, "weir-timers");
    timers->started = weir__thread_start(&timers->thread);
    return timers->started;
}

bool weir__timers_set(weir__timers *timers, weir__timer *timer, uint64_t due) {
    timer->node.rank = due;
    weir__lock_acquire(&timers->lock);
    bool open = !timers->closed;
    if (open)
        weir__heap_push(&timers->set, &timer->node);
    if (open && timers->set.root == &timer->node) /* the timer thread sleeps too long */
        weir__park_release_all(&timers->park, &timers->lock);
    else
        weir__lock_release(&timers->lock);
    return open;
}

void weir__timers_close(weir__timers *timers) {
    weir__lock_acquire(&timers->lock);
    timers->closed = true;
    while (timers->set.root != NULL) {
        weir__timer *timer = (weir__timer *)weir__heap_pop(&timers->set);
        weir__lock_release(&timers->lock);
        timer->ring(timer);
        weir__lock_acquire(&timers->lock);
    }
    weir__lock_release(&timers->lock);
}

void weir__timers_end(weir__timers *timers) {
    weir__lock_acquire(&timers->lock);
    timers->ending = true;
    weir__park_release_all(&timers->park, &timers->lock);
}

bool weir__timers_join_until(weir__timers *timers, uint64_t deadline) {
    if (timers->started && !weir__thread_join_until(&timers->thread, deadline))
        return false;
    timers->started = false;
    return true;
}
