/*
 * backoff.c - how long an item waits before its next attempt.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/backoff.h"

#include "base/mix.h"

/* backoff * 2^doublings, but not more than `most`. */
static uint64_t doubled(uint64_t backoff, unsigned doublings, uint64_t most) {
    return doublings > 63 || backoff > most >> doublings ? most : backoff << doublings;
}

uint64_t weir__backoff(const weir_retry *retry, unsigned attempts, uint64_t lot) {
    if (retry->backoff == 0)
        return 0;
    uint64_t most = retry->max_backoff != 0 ? retry->max_backoff : 60 * WEIR_SECOND;
    uint64_t wait = doubled(retry->backoff, attempts - 1, most);
    return wait - weir__mix(lot) % (wait / 2 + 1);
}
