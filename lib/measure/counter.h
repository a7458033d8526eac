/*
 * counter.h - Adds to counters that other threads read.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_MEASURE_COUNTER_H
#define WEIR_MEASURE_COUNTER_H

#include "sync/atomic.h"

/*
 * Adds to a counter that only the calling thread writes. Release: a reader that acquires the new value sees the
 * thread's earlier writes.
 */
static inline void weir__count(weir__u64 *number, uint64_t more) {
    weir__u64_store_release(number, weir__u64_load_relaxed(number) + more);
}

/* Adds to a counter that several threads write (acquire and release). */
static inline void weir__count_shared(weir__u64 *number, uint64_t more) {
    (void)weir__u64_add_acquire_release(number, more);
}

#endif /* WEIR_MEASURE_COUNTER_H */
