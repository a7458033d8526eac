/*
 * timer.h - Declares timers: each calls a function once, at its time; and alarms, which can be moved to an earlier time.
 *
 * A timer rings when its function `ring` is called. Timers ring on the timer thread at their times, or on the thread
 * that closes the timers. No lock is held meanwhile. Items that back off and partial batches have timers, so no worker
 * sleeps for them.
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
    weir__heap_node node; /* first member; its rank is the time */
    void (*ring)(struct weir__timer *timer);
} weir__timer;

/* A timer that can be moved, for a few things that each have one. Zero-initialised but for `timer.ring`: not set. */
typedef struct weir__alarm {
    weir__timer timer; /* first member; its rank is WEIR_NEVER while the alarm is not set */
    struct weir__alarm *next;
    bool known; /* in the list of its timers, from its first time on */
} weir__alarm;

/* Zero-initialised: not started. The lock guards all other members except `thread` and `started`. */
typedef struct weir__timers {
    weir__lock lock;
    weir__park park;
    weir__heap set;
    weir__alarm *alarms; /* list */
    bool closed;
    bool ending;
    weir__thread thread;
    bool started; /* the thread was started and not joined; used by the starting and joining thread */
} weir__timers;

/* Starts the timer thread. Returns false if it cannot be created. */
bool weir__timers_start(weir__timers *timers);

/* Sets a timer to ring at the time `due`. Returns false if the timers are closed: the timer will not ring. */
bool weir__timers_set(weir__timers *timers, weir__timer *timer, uint64_t due);

/*
 * Sets an alarm to ring at the time `due`, unless it is set to an earlier time. It may ring, and be set again, at the same
 * time. After the close of the timers, this has no effect. The alarm must last until the timer thread is joined.
 */
void weir__timers_advance(weir__timers *timers, weir__alarm *alarm, uint64_t due);

/*
 * Closes the timers: rings every timer that is set, on the calling thread. Alarms do not ring any more. Nothing can be set
 * afterwards.
 */
void weir__timers_close(weir__timers *timers);

/* Tells the timer thread to end, if it was started. A timer that is still set does not ring. */
void weir__timers_end(weir__timers *timers);

/*
 * Joins the timer thread, if it was started, after weir__timers_end. Returns false if it has not ended by the deadline.
 */
bool weir__timers_join_until(weir__timers *timers, uint64_t deadline);

#endif /* WEIR_TIMER_TIMER_H */
