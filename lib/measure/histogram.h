/*
 * histogram.h - Declares a histogram of latencies. One thread writes it; others read it.
 *
 * Each power of two is divided into 16 equal buckets, so the relative error of a value is at most 1/16. The method is
 * that of HdrHistogram, by G. Tene.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_MEASURE_HISTOGRAM_H
#define WEIR_MEASURE_HISTOGRAM_H

#include <stddef.h>

#include "sync/atomic.h"
#include "sync/memory.h"

/* Number of buckets for each power of two. The last bucket also counts all values beyond the range. */
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

/* Counts `calls` calls of that latency. Only the writing thread may call this. */
void weir__histogram_count(weir__histogram *histogram, uint64_t nanoseconds, uint64_t calls);

/* Adds a histogram to the sum. */
void weir__histogram_add(weir__histogram_sum *sum, const weir__histogram *histogram);

/* Returns a latency, in ns, that `percent` of the calls did not exceed. Returns 0 if no call was counted. */
uint64_t weir__histogram_percentile(const weir__histogram_sum *sum, unsigned percent);

#endif /* WEIR_MEASURE_HISTOGRAM_H */
