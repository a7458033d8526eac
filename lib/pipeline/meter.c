/*
 * meter.c - how long calls take.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/meter.h"

/* The logarithm of the value's first five bits' worth. */
static unsigned shift_of(uint64_t value) {
    unsigned shift = 0;
    while (value >> shift >= 2 * WEIR__METER_PARTS)
        shift++;
    return shift;
}

static size_t bucket_of(uint64_t value) {
    unsigned shift = shift_of(value);
    size_t bucket = (size_t)shift * WEIR__METER_PARTS + (size_t)(value >> shift);
    return bucket < WEIR__METER_BUCKETS ? bucket : WEIR__METER_BUCKETS - 1;
}

/* The highest value of that bucket; the last one has no end. */
static uint64_t end_of(size_t bucket) {
    if (bucket == WEIR__METER_BUCKETS - 1)
        return UINT64_MAX;
    if (bucket < 2 * WEIR__METER_PARTS)
        return bucket;
    size_t shift = bucket / WEIR__METER_PARTS - 1;
    return ((uint64_t)(bucket - shift * WEIR__METER_PARTS + 1) << shift) - 1;
}

void weir__meter_count(weir__meter *meter, uint64_t nanoseconds, uint64_t calls) {
    weir__count(&meter->buckets[bucket_of(nanoseconds)], calls);
    if (nanoseconds > weir__u64_load_relaxed(&meter->longest))
        weir__u64_store_relaxed(&meter->longest, nanoseconds);
}

void weir__meter_add(weir__meter_sum *sum, const weir__meter *meter) {
    uint64_t longest = weir__u64_load_relaxed(&meter->longest);
    sum->longest = longest > sum->longest ? longest : sum->longest;
    for (size_t i = 0; i < WEIR__METER_BUCKETS; i++) {
        uint64_t count = weir__u64_load_acquire(&meter->buckets[i]);
        sum->buckets[i] += count;
        sum->total += count;
    }
}

uint64_t weir__meter_percentile(const weir__meter_sum *sum, unsigned percent) {
    uint64_t wanted = sum->total / 100 * percent + (sum->total % 100 * percent + 99) / 100, seen = 0;
    for (size_t i = 0; i < WEIR__METER_BUCKETS && sum->total > 0; i++) {
        seen += sum->buckets[i];
        if (seen >= wanted)
            return end_of(i) < sum->longest ? end_of(i) : sum->longest;
    }
    return 0;
}
