/*
 * spin.h - waiting awake for a moment, before sleeping.
 *
 * Sleeping and being woken costs both sides microseconds, and the partner is often about to act. So a thread that has
 * to wait first pauses, 1, 2, 4 ... times between two looks, then lets others have its processor a few times, and only
 * then goes to sleep. When a yield takes long, some other program wanted the processor and was given a whole time slice
 * of ours; yielding is then left out for a while.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PARK_SPIN_H
#define WEIR_PARK_SPIN_H

#include "sync/sync.h"

/* Whether it is worth trying again; called with no lock held, so its answer is a hint. */
typedef bool weir__spin_ready(const void *arg);

/* What a group of waiting threads has learnt; zero at first. */
typedef struct weir__spin {
    weir__u64 no_yield_until; /* on the monotonic clock */
} weir__spin;

/* Returns as soon as `ready(arg)` says so, with true, or after a few microseconds or yields, with false. */
bool weir__spin_until(weir__spin *spin, weir__spin_ready *ready, const void *arg);

#endif /* WEIR_PARK_SPIN_H */
