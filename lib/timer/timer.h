/*
 * timer.h - Implements timers, which one thread rings.
 *
 * A timer is set for a time and rings once: on the timer thread, with no lock held, or on the thread that closes the
 * timers. Back-offs and partial batches wait here, so no worker sleeps for an item.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_TIMER_TIMER_H
#define WEIR_TIMER_TIMER_H

#include "base/heap.h"
#include "lock/lock.h"
#include "park/park.h"
#include "sync/sync.h"

typedef struct weir__timer {
    weir__heap_node node; /* first: its rank is the time */
    void (*ring)(struct weir__timer *timer);
} weir__timer;

/* Zero is valid: not started. All but the thread is under the lock. */
typedef struct weir__timers {
    weir__lock lock;
    weir__park park;
    weir__heap set;
    bool closed;
    bool ending;
    weir__thread thread;
    bool started; /* the starter's own */
} weir__timers;

/* Starts the timer thread. Returns false if it cannot be created. */
bool weir__timers_start(weir__timers *timers);

/* Sets a timer. Returns false, and the timer will not ring, if the timers are closed. */
bool weir__timers_set(weir__timers *timers, weir__timer *timer, uint64_t due);

/* Rings every timer that is set, on the calling thread; no timer can be set afterwards. */
void weir__timers_close(weir__timers *timers);

/* Makes the timer thread end, if there is one. A timer that is still set does not ring. */
void weir__timers_end(weir__timers *timers);

/* Joins the timer thread after that. Returns false if it has not ended by the deadline. */
bool weir__timers_join_until(weir__timers *timers, uint64_t deadline);

#endif /* WEIR_TIMER_TIMER_H */
