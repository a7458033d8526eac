/*
 * histogram.c - Implements the histogram of latencies.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "measure/histogram.h"

#include "measure/counter.h"

/* Returns the number of low bits to drop so that at most five bits of the value are left. */
static unsigned shift_of(uint64_t value) {
    unsigned shift = 0;
    while (value >> shift >= 2 * WEIR__HISTOGRAM_PARTS)
        shift++;
    return shift;
}

static size_t bucket_of(uint64_t value) {
    unsigned shift = shift_of(value);
    size_t bucket = (size_t)shift * WEIR__HISTOGRAM_PARTS + (size_t)(value >> shift);
    return bucket < WEIR__HISTOGRAM_BUCKETS ? bucket : WEIR__HISTOGRAM_BUCKETS - 1;
}

/* Returns the highest value of the bucket. The last bucket has no upper limit: UINT64_MAX. */
static uint64_t end_of(size_t bucket) {
    if (bucket == WEIR__HISTOGRAM_BUCKETS - 1)
        return UINT64_MAX;
    if (bucket < 2 * WEIR__HISTOGRAM_PARTS)
        return bucket;
    size_t shift = bucket / WEIR__HISTOGRAM_PARTS - 1;
    return ((uint64_t)(bucket - shift * WEIR__HISTOGRAM_PARTS + 1) << shift) - 1;
}

void weir__histogram_count(weir__histogram *histogram, uint64_t nanoseconds, uint64_t calls) {
    weir__count(&histogram->buckets[bucket_of(nanoseconds)], calls);
    if (nanoseconds > weir__u64_load_relaxed(&histogram->longest))
        weir__u64_store_relaxed(&histogram->longest, nanoseconds);
}

void weir__histogram_add(weir__histogram_sum *sum, const weir__histogram *histogram) {
    uint64_t longest = weir__u64_load_relaxed(&histogram->longest);
    sum->longest = longest > sum->longest ? longest : sum->longest;
    for (size_t i = 0; i < WEIR__HISTOGRAM_BUCKETS; i++) {
        uint64_t count = weir__u64_load_acquire(&histogram->buckets[i]);
        sum->buckets[i] += count;
        sum->total += count;
    }
}

uint64_t weir__histogram_percentile(const weir__histogram_sum *sum, unsigned percent) {
    uint64_t wanted = sum->total / 100 * percent + (sum->total % 100 * percent + 99) / 100, seen = 0;
    for (size_t i = 0; i < WEIR__HISTOGRAM_BUCKETS && sum->total > 0; i++) {
        seen += sum->buckets[i];
        if (seen >= wanted)
            return end_of(i) < sum->longest ? end_of(i) : sum->longest;
    }
    return 0;
}
