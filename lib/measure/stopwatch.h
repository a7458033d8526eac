/*
 * stopwatch.h - Implements a stopwatch of waiting time: one thread starts and stops it, others read it meanwhile.
 *
 * State: one word, so that no reader sees it half changed. While stopped, it is the total time. While running, it is
 * RUNNING and the total minus the start time, modulo 2^63. All times are in ns.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_MEASURE_STOPWATCH_H
#define WEIR_MEASURE_STOPWATCH_H

#include "sync/sync.h"

#define WEIR__RUNNING (UINT64_C(1) << 63)

/* Zero-initialised: has not run yet. */
typedef struct weir__stopwatch {
    weir__u64 word;
} weir__stopwatch;

/*
 * Returns whether the stopwatch runs. If not, all that the thread did before it stopped it is visible (acquire; pairs
 * with the release of weir__stopwatch_stop).
 */
static inline bool weir__stopwatch_runs(const weir__stopwatch *watch) {
    return (weir__u64_load_acquire(&watch->word) & WEIR__RUNNING) != 0;
}

/* Returns the total in ns at time `now`, which must not be before the last start. For the stopwatch's own thread. */
static inline uint64_t weir__stopwatch_read(const weir__stopwatch *watch, uint64_t now) {
    uint64_t word = weir__u64_load_relaxed(&watch->word);
    return (word & WEIR__RUNNING) != 0 ? (word + now) & ~WEIR__RUNNING : word;
}

/*
 * Returns the total in ns, in another thread. The clock is read after the word, so that the time is not before the
 * last start (acquire; pairs with the release of weir__stopwatch_start).
 */
static inline uint64_t weir__stopwatch_look(const weir__stopwatch *watch) {
    uint64_t word = weir__u64_load_acquire(&watch->word);
    return (word & WEIR__RUNNING) != 0 ? (word + weir__clock_now()) & ~WEIR__RUNNING : word;
}

static inline void weir__stopwatch_start(weir__stopwatch *watch, uint64_t now) {
    uint64_t so_far = weir__u64_load_relaxed(&watch->word);
    weir__u64_store_release(&watch->word, ((so_far - now) & ~WEIR__RUNNING) | WEIR__RUNNING);
}

static inline void weir__stopwatch_stop(weir__stopwatch *watch, uint64_t now) {
    weir__u64_store_release(&watch->word, weir__stopwatch_read(watch, now));
}

#endif /* WEIR_MEASURE_STOPWATCH_H */
