/*
 * meter.h - how long calls take: a histogram that one thread fills and others read.
 *
 * Each power of two is divided into 16 equal parts, so that a value is known to 1/16 of itself; G. Tene's HdrHistogram
 * has the idea in full.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_METER_H
#define WEIR_PIPELINE_METER_H

#include <stddef.h>

#include "sync/atomic.h"
#include "sync/memory.h"

/* What is longer than fits is counted in the last bucket. */
enum { WEIR__METER_PARTS = 16 };

typedef struct weir__meter {
    weir__u64 longest;
    weir__u64 buckets[WEIR__METER_BUCKETS];
} weir__meter;

/* The counts of several meters together. */
typedef struct weir__meter_sum {
    uint64_t total, longest;
    uint64_t buckets[WEIR__METER_BUCKETS];
} weir__meter_sum;

/* So many calls more that took so long. By the meter's own thread. */
void weir__meter_count(weir__meter *meter, uint64_t nanoseconds, uint64_t calls);

void weir__meter_add(weir__meter_sum *sum, const weir__meter *meter);

/* How long the call took that so many per cent of all were not longer than; 0: there was none. */
uint64_t weir__meter_percentile(const weir__meter_sum *sum, unsigned percent);

/* Adds to a number that only the calling thread writes. Release, for who reads it and then what came before it. */
static inline void weir__count(weir__u64 *number, uint64_t more) {
    weir__u64_store_release(number, weir__u64_load_relaxed(number) + more);
}

#endif /* WEIR_PIPELINE_METER_H */
