/*
 * relax.h - what a thread does that expects something to change within microseconds.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SYNC_RELAX_H
#define WEIR_SYNC_RELAX_H

#include <sched.h>
#include <stdint.h>

/* How long a lock is waited for awake, which is held for a few dozen instructions; how long a partner that is about to
   put or get is, with pauses, and how long with yields. Nanoseconds. */
enum { WEIR__SPIN_FOR_LOCK = 2000, WEIR__PAUSE_FOR_PARTNER = 8 * 1024, WEIR__YIELD_FOR_PARTNER = 16 * 1000 };

/* Nanoseconds that a yield may take where a few busy threads share the processor: each has its time slice first. */
enum { WEIR__YIELD_MAY_TAKE = 20 * 1000 * 1000 };

/*
 * Tells the processor for about so many nanoseconds that this is a waiting loop: at least one pause, which takes 5 to
 * 50 ns, by the processor. The first call measures it.
 */
void weir__pause(uint32_t nanoseconds);

typedef uint64_t weir__now(void);
typedef void weir__pauses(uint32_t count);

enum { WEIR__LIKELY_PAUSES = 64 };

/*
 * Returns how many pauses fill 1024 ns, by this clock, without what its looks take; WEIR__LIKELY_PAUSES if it is too
 * coarse to tell. weir__pause calls it; a test brings its own clock.
 */
uint32_t weir__measure_pauses(weir__now *now, weir__pauses *pauses);

/* Lets another thread have this processor, if one is ready. */
static inline void weir__yield(void) {
    sched_yield();
}

#endif /* WEIR_SYNC_RELAX_H */
