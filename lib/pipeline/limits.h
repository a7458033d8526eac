/*
 * limits.h - how much may be in the pipeline at once.
 *
 * Everything that comes from outside or from a source passes here, and nothing else: the limits hold back who brings
 * items, never a stage in the middle, which could otherwise wait for room that only it can make. What has passed weighs
 * until the last piece of it is done with. Those that wait are let in in the order in which they came, so that a heavy
 * item is not overtaken for ever by light ones; one that is heavier than the whole budget passes when it is alone.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_LIMITS_H
#define WEIR_PIPELINE_LIMITS_H

#include <weir/deadline.h>
#include <weir/status.h>

#include "lock/lock.h"
#include "park/park.h"
#include "park/spin.h"

/*
 * One that waits; on its own stack. The first in line waits awake for a moment, in which others may leave room for more
 * than one; then it sleeps, in a park of its own, and is woken when it is the first and has room. It is in line while it
 * waits awake, so nobody passes it, and looks again with the lock before it sleeps, so no wake is lost.
 */
typedef struct weir__waiting {
    struct weir__waiting *next, *before;
    uint64_t weight;
    weir__park park;
} weir__waiting;

typedef struct weir__load {
    uint64_t items, bytes;
} weir__load;

/* Zero, but for the limits. */
typedef struct weir__limits {
    uint64_t max_items, max_bytes; /* constant; UINT64_MAX: none */
    weir__lock lock;               /* of all that follows */
    weir__u64 items, bytes;        /* inside; who waits awake looks at them without the lock */
    weir__spin spin;
    weir__waiting *first, *last;
    bool closed_outside, closed; /* for those who put from outside; for everybody */
} weir__limits;

/* Waits until there is room for an item of this weight, and takes it. WEIR_OK; WEIR_CLOSED; WEIR_TIMEDOUT. */
weir_status weir__limits_enter(weir__limits *limits, uint64_t weight, bool outside, weir_deadline deadline);

/* Gives the room of some items back. */
void weir__limits_leave(weir__limits *limits, weir__load load);

/* Refuses those who put from outside, or everybody, from now on. */
void weir__limits_close(weir__limits *limits, bool everybody);

/* How many bytes are inside. */
uint64_t weir__limits_bytes(const weir__limits *limits);

#endif /* WEIR_PIPELINE_LIMITS_H */
