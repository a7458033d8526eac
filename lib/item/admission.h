/*
 * admission.h - Limits the items and bytes in flight.
 *
 * Every item from outside and every item of a source is admitted here. Results of other stages are not: such a stage
 * could block for room that only the stage itself can make. For the same reason, items that are fed are admitted
 * above the limits (weir__admission_force). An admitted item counts against the limits until its last
 * piece has ended (pieces.h).
 *
 * A1  Blocked callers are admitted in FIFO order, so light items do not starve a heavy one. An item heavier than
 *     max_bytes is admitted once nothing else is in flight.
 * A2  The waiter at the head of the line spins briefly, then blocks on its own park. While it spins it stays in line,
 *     so no caller passes it. Before it blocks it looks again with the lock held, so no wakeup is lost.
 * A3  Each change that may make room for the head waiter wakes it: an item that leaves, an admission, a waiter that
 *     gives up, and the close.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_ITEM_ADMISSION_H
#define WEIR_ITEM_ADMISSION_H

#include <weir/deadline.h>
#include <weir/status.h>

#include "lock/lock.h"
#include "measure/stopwatch.h"
#include "park/park.h"
#include "park/spin.h"

/* A blocked caller, on its own stack. */
typedef struct weir__waiting {
    struct weir__waiting *next, *before;
    uint64_t weight;
    weir__park park;
} weir__waiting;

typedef struct weir__load {
    uint64_t items, bytes;
} weir__load;

/* The limits. */
enum { WEIR__OF_ITEMS, WEIR__OF_BYTES, WEIR__LIMITS };

/* Zero-initialised: no limits. */
typedef struct weir__admission {
    bool limited;                  /* constant; false: every item is admitted, none is counted */
    uint64_t max_items, max_bytes; /* constant; UINT64_MAX: no limit */
    weir__lock lock;               /* guards all members below */
    weir__u64 items, bytes;        /* in flight; a spinning waiter reads both without the lock */
    weir__spin spin;
    weir__waiting *first, *last;
    bool closed_outside, closed; /* closed to puts from outside; closed to sources too */
    int reached;                 /* limit that began the present line, or the last one */
    weir__stopwatch
        held_up[WEIR__LIMITS]; /* each runs while there is a line that its limit began; others may read it */
} weir__admission;

/*
 * Blocks until there is room for an item of this weight, and admits it. `outside`: the item is put from outside, not by
 * a source. Returns WEIR_OK; WEIR_CLOSED if the admission is closed to the caller; WEIR_TIMEDOUT after the deadline.
 */
weir_status weir__admission_enter(weir__admission *admission, uint64_t weight, bool outside, weir_deadline deadline);

/* Admits an item of this weight at once, even above the limits or after the close. The admission must be limited. */
void weir__admission_force(weir__admission *admission, uint64_t weight);

/*
 * Subtracts a load that leaves from what is in flight, and wakes the head waiter if there is room for it. The admission
 * must be limited.
 */
void weir__admission_leave(weir__admission *admission, weir__load load);

/* Closes the admission to puts from outside; if `all`, to sources too. Wakes all blocked callers. */
void weir__admission_close(weir__admission *admission, bool all);

/* Returns the number of bytes in flight. */
uint64_t weir__admission_bytes(const weir__admission *admission);

#endif /* WEIR_ITEM_ADMISSION_H */
