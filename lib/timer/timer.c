/*
 * timer.c - Runs the timer thread.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "timer/timer.h"

#include <string.h>

#include <weir/deadline.h>

/* Returns what rings next. Returns NULL if nothing is set. */
static weir__timer *first_locked(const weir__timers *timers) {
    weir__timer *first = (weir__timer *)timers->set.root;
    for (weir__alarm *alarm = timers->alarms; alarm != NULL; alarm = alarm->next) {
        if (alarm->timer.node.rank < (first == NULL ? WEIR_NEVER : first->node.rank))
            first = &alarm->timer;
    }
    return first;
}

static weir__timer *take_locked(weir__timers *timers, weir__timer *first) {
    if (&first->node == timers->set.root)
        return (weir__timer *)weir__heap_pop(&timers->set);
    first->node.rank = WEIR_NEVER;
    return first;
}

/*
 * Blocks until a timer is due. Removes and returns it. Returns NULL if the thread must end. The lock is held on entry
 * and exit.
 */
static weir__timer *next_locked(weir__timers *timers) {
    while (!timers->ending) {
        weir__timer *first = first_locked(timers);
        uint64_t due = first == NULL ? WEIR_NEVER : first->node.rank;
        if (due != WEIR_NEVER && weir__clock_now() >= due)
            return take_locked(timers, first);
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

static void know_locked(weir__timers *timers, weir__alarm *alarm) {
    if (alarm->known)
        return;
    alarm->known = true;
    alarm->timer.node.rank = WEIR_NEVER;
    alarm->next = timers->alarms;
    timers->alarms = alarm;
}

void weir__timers_advance(weir__timers *timers, weir__alarm *alarm, uint64_t due) {
    weir__lock_acquire(&timers->lock);
    know_locked(timers, alarm);
    bool earlier = !timers->closed && due < alarm->timer.node.rank;
    if (earlier)
        alarm->timer.node.rank = due;
    if (earlier && first_locked(timers) == &alarm->timer) /* the timer thread sleeps too long */
        weir__park_release_all(&timers->park, &timers->lock);
    else
        weir__lock_release(&timers->lock);
}

void weir__timers_close(weir__timers *timers) {
    weir__lock_acquire(&timers->lock);
    timers->closed = true;
    for (weir__alarm *alarm = timers->alarms; alarm != NULL; alarm = alarm->next)
        alarm->timer.node.rank = WEIR_NEVER;
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
