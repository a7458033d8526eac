/*
 * histogram.h - Implements a histogram of latencies that one thread fills and others read.
 *
 * Each power of two is divided into 16 equal parts, so a value is known to 1/16 of itself. The full idea: G. Tene,
 * HdrHistogram.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_MEASURE_HISTOGRAM_H
#define WEIR_MEASURE_HISTOGRAM_H

#include <stddef.h>

#include "sync/atomic.h"
#include "sync/memory.h"

/* Values beyond the range are counted in the last bucket. */
enum { WEIR__HISTOGRAM_PARTS = 16 };

typedef struct weir__histogram {
    weir__u64 longest;
    weir__u64 buckets[WEIR__HISTOGRAM_BUCKETS];
} weir__histogram;

/* The sum of several histograms. */
typedef struct weir__histogram_sum {
    uint64_t total, longest;
    uint64_t buckets[WEIR__HISTOGRAM_BUCKETS];
} weir__histogram_sum;

/* Counts `calls` calls of that latency. Only the histogram's own thread calls this. */
void weir__histogram_count(weir__histogram *histogram, uint64_t nanoseconds, uint64_t calls);

/* Adds a histogram to the sum. */
void weir__histogram_add(weir__histogram_sum *sum, const weir__histogram *histogram);

/* Returns the latency that `percent` of the calls did not exceed; 0 if there were no calls. */
uint64_t weir__histogram_percentile(const weir__histogram_sum *sum, unsigned percent);

#endif /* WEIR_MEASURE_HISTOGRAM_H */
