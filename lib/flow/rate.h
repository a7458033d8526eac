/*
 * rate.h - Limits the number of calls per second.
 *
 * The method is the generic cell rate algorithm, ITU-T Recommendation I.371. Its state is one number: the time of the
 * next call if no call is early. A burst allows a call to begin earlier, by `slack`.
 *
 * R1  A turn is due at the time of the next call when it is taken, less the slack. Turns are numbered, so its due time
 *     also follows from the time of the next call: `interval` earlier for each turn taken since.
 * R2  A change of the rate scales the wait of every turn: what is left until the next call grows or shrinks as the
 *     interval does. A turn that waits finds its new due time by R1. Without a limit, every turn is due.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_FLOW_RATE_H
#define WEIR_FLOW_RATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "lock/lock.h"
#include "sync/atomic.h"

/* Zero-initialised: no limit. */
typedef struct weir__rate {
    weir__u64 interval; /* ns from one call to the next; 0: no limit; changes under the lock, as all of this */
    weir__lock lock;
    double per_second; /* the limit as it was set */
    uint64_t slack;    /* ns by which a call may be early */
    uint64_t next;     /* time of the next call if no call is early */
    uint64_t taken;    /* number of turns taken */
    uint64_t changes;  /* number of changes of the limit */
    uint64_t latest;   /* latest time of a take: the clock of a change may have been read before it */
} weir__rate;

/* A turn that was taken. */
typedef struct weir__turn {
    uint64_t number; /* of the first of the turns that were taken together */
    uint64_t due;    /* time at which the caller may proceed, by the rate after `changes` changes */
    uint64_t changes;
} weir__turn;

/* Returns the ns from one call to the next, rounded up; 0 for a rate of 0, which is no limit. */
uint64_t weir__rate_interval(double per_second);

/*
 * Sets or changes the limit, at the time `now`. A rate of 0 sets no limit. A burst of 0 or 1 allows no early call. The
 * callers wake the threads that wait for their turns.
 */
void weir__rate_set(weir__rate *rate, double per_second, size_t burst, uint64_t now);

static inline bool weir__rate_limits(const weir__rate *rate) {
    return weir__u64_load_relaxed(&rate->interval) != 0;
}

/* Takes `turns` turns at the time `now`. If the first of them is due not after `now`, the caller may proceed at once. */
weir__turn weir__rate_take(weir__rate *rate, uint64_t now, uint64_t turns);

/* Returns the time at which a turn is due, after all changes of the rate until now. */
uint64_t weir__rate_due(weir__rate *rate, weir__turn *turn);

/* Returns the limit in calls per second; 0: none. */
double weir__rate_limit(weir__rate *rate);

#endif /* WEIR_FLOW_RATE_H */
