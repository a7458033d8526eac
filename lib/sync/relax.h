/*
 * relax.h - Declares how a thread spins when it expects a change within microseconds.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SYNC_RELAX_H
#define WEIR_SYNC_RELAX_H

#include <sched.h>
#include <stdint.h>

/*
 * Limits of spinning, in nanoseconds. A lock is held for a few dozen instructions. For a partner that is about to put
 * or get, a thread first pauses, then yields.
 */
enum { WEIR__SPIN_FOR_LOCK = 2000, WEIR__PAUSE_FOR_PARTNER = 8 * 1024, WEIR__YIELD_FOR_PARTNER = 16 * 1000 };

/* Nanoseconds that a yield may take when a few busy threads share the processor: each gets its time slice first. */
enum { WEIR__YIELD_MAY_TAKE = 20 * 1000 * 1000 };

/*
 * Executes pause instructions for about `nanoseconds`, at least one. A pause takes 5 to 50 ns, depending on the
 * processor; the first call measures it.
 */
void weir__pause(uint32_t nanoseconds);

typedef uint64_t weir__now(void);
typedef void weir__pauses(uint32_t count);

enum { WEIR__LIKELY_PAUSES = 64 };

/*
 * Returns how many pauses fill 1024 ns on the clock `now`, without the cost of reading it. Returns WEIR__LIKELY_PAUSES
 * if the clock is too coarse. Called by weir__pause; a test passes its own clock.
 */
uint32_t weir__measure_pauses(weir__now *now, weir__pauses *pauses);

/* Yields the processor to another thread that is ready, if any. */
static inline void weir__yield(void) {
    sched_yield();
}

#endif /* WEIR_SYNC_RELAX_H */
