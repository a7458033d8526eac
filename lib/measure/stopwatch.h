/*
 * stopwatch.h - how long a thread has waited, all in all: one thread starts and stops it, others read it meanwhile.
 *
 * One word, so that it is never read in between: the time so far or, while it runs, that minus the time at which it was
 * started, modulo 2^63, and RUNNING.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_MEASURE_STOPWATCH_H
#define WEIR_MEASURE_STOPWATCH_H

#include "sync/sync.h"

#define WEIR__RUNNING (UINT64_C(1) << 63)

/* Zero has not run yet. */
typedef struct weir__stopwatch {
    weir__u64 word;
} weir__stopwatch;

/* If it does not: what the thread did before it stopped it is seen. */
static inline bool weir__stopwatch_runs(const weir__stopwatch *watch) {
    return (weir__u64_load_acquire(&watch->word) & WEIR__RUNNING) != 0;
}

/* The time so far, in ns, at a time that is not before the last start. */
static inline uint64_t weir__stopwatch_read(const weir__stopwatch *watch, uint64_t now) {
    uint64_t word = weir__u64_load_relaxed(&watch->word);
    return (word & WEIR__RUNNING) != 0 ? (word + now) & ~WEIR__RUNNING : word;
}

/* The time so far, by another thread: the clock is read after the word, so it is not before the last start. */
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
