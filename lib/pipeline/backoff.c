/*
 * backoff.c - how long an item waits before its next attempt.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/backoff.h"

/* SplitMix64's mixing: G. Steele, D. Lea and C. Flood, "Fast Splittable Pseudorandom Number Generators", 2014. */
static uint64_t mix(uint64_t value) {
    value = (value ^ (value >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    value = (value ^ (value >> 27)) * UINT64_C(0x94d049bb133111eb);
    return value ^ (value >> 31);
}

/* backoff * 2^doublings, but not more than `most`. */
static uint64_t doubled(uint64_t backoff, unsigned doublings, uint64_t most) {
    return doublings > 63 || backoff > most >> doublings ? most : backoff << doublings;
}

uint64_t weir__backoff(const weir_retry *retry, unsigned attempts, uint64_t lot) {
    if (retry->backoff == 0)
        return 0;
    uint64_t most = retry->max_backoff != 0 ? retry->max_backoff : 60 * WEIR_SECOND;
    uint64_t wait = doubled(retry->backoff, attempts - 1, most);
    return wait - mix(lot) % (wait / 2 + 1);
}
