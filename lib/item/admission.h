/*
 * admission.h - Implements the limits on what is in flight.
 *
 * Every item from outside or from a source is admitted here; a stage in the middle never is, since it could block for
 * room that only it can make. An admitted item counts and weighs until the last of its pieces has ended.
 *
 * A1  Blocked callers are admitted in FIFO order, so light items do not starve a heavy one. An item heavier than the
 *     whole budget is admitted once nothing else is in flight.
 * A2  The waiter at the head of the line spins briefly, then blocks on its own park. It stays in line while it spins,
 *     so no caller passes it, and it looks again with the lock held before it blocks, so no wakeup is lost.
 * A3  Every change that may let the head waiter in wakes it: a leave, an admission, the end of a wait, the close.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_ITEM_ADMISSION_H
#define WEIR_ITEM_ADMISSION_H

#include <weir/deadline.h>
#include <weir/status.h>

#include "lock/lock.h"
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

/* Zero is valid: no limits. */
typedef struct weir__admission {
    bool limited;                  /* constant; false: everything is admitted, and nothing is counted */
    uint64_t max_items, max_bytes; /* constant; UINT64_MAX: none */
    weir__lock lock;               /* of all that follows */
    weir__u64 items, bytes;        /* in flight; a spinning waiter reads them without the lock */
    weir__spin spin;
    weir__waiting *first, *last;
    bool closed_outside, closed; /* for puts from outside; for sources too */
} weir__admission;

/* Blocks until there is room for an item of this weight, and takes it. WEIR_OK; WEIR_CLOSED; WEIR_TIMEDOUT. */
weir_status weir__admission_enter(weir__admission *admission, uint64_t weight, bool outside, weir_deadline deadline);

/* Returns the room of some items, if the admission is limited. */
void weir__admission_leave(weir__admission *admission, weir__load load);

/* Refuses puts from outside, or everything, from now on, and wakes those that it concerns. */
void weir__admission_close(weir__admission *admission, bool all);

/* The bytes in flight. */
uint64_t weir__admission_bytes(const weir__admission *admission);

#endif /* WEIR_ITEM_ADMISSION_H */
