/*
 * backoff.c - Computes the delay before an item's next attempt.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "flow/backoff.h"

#include "base/mix.h"

static const uint64_t minute = UINT64_C(60) * 1000 * 1000 * 1000; /* ns */

/* Returns first * 2^doublings, at most `most`. */
static uint64_t doubled(uint64_t first, unsigned doublings, uint64_t most) {
    return doublings > 63 || first > most >> doublings ? most : first << doublings;
}

uint64_t weir__backoff_delay(weir__backoff backoff, unsigned attempts, uint64_t lot) {
    if (backoff.first == 0)
        return 0;
    uint64_t most = backoff.most != 0 ? backoff.most : minute;
    uint64_t delay = doubled(backoff.first, attempts - 1, most);
    return delay - weir__mix(lot) % (delay / 2 + 1);
}
