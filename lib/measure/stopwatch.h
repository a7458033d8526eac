/*
 * stopwatch.h - Measures the waiting time of a thread. That thread starts and stops the stopwatch; others may read it
 * at any time. A stopwatch may belong to the holder of a lock instead of a thread.
 *
 * The state is one word, so each load is consistent. While the stopwatch is stopped, the word is the total time. While
 * it runs, the word is RUNNING plus the total minus the start time, modulo 2^63. All times are in ns.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_MEASURE_STOPWATCH_H
#define WEIR_MEASURE_STOPWATCH_H

#include "sync/sync.h"

#define WEIR__RUNNING (UINT64_C(1) << 63)

/* Zero-initialised: stopped, with a total of 0. */
typedef struct weir__stopwatch {
    weir__u64 word;
} weir__stopwatch;

/*
 * Returns whether the stopwatch runs. If false, the caller sees the thread's writes before the stop (acquire; pairs
 * with the release of weir__stopwatch_stop).
 */
static inline bool weir__stopwatch_runs(const weir__stopwatch *watch) {
    return (weir__u64_load_acquire(&watch->word) & WEIR__RUNNING) != 0;
}

/*
 * Returns the total in ns at time `now`, which must not precede the last start. Only the stopwatch's own thread may
 * call this.
 */
static inline uint64_t weir__stopwatch_read(const weir__stopwatch *watch, uint64_t now) {
    uint64_t word = weir__u64_load_relaxed(&watch->word);
    return (word & WEIR__RUNNING) != 0 ? (word + now) & ~WEIR__RUNNING : word;
}

/*
 * Returns the total in ns. For other threads. The clock is read after the word, so the time does not precede the last
 * start (acquire; pairs with the release of weir__stopwatch_start).
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
