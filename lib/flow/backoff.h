/*
 * backoff.h - Computes the delay before an item's next attempt.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_FLOW_BACKOFF_H
#define WEIR_FLOW_BACKOFF_H

#include <stdint.h>

typedef struct weir__backoff {
    uint64_t first; /* delay after the first attempt, in ns; doubles with each further attempt; 0: no delay */
    uint64_t most;  /* maximum delay, in ns; 0 selects one minute */
} weir__backoff;

/*
 * Returns the delay, in ns, after `attempts` attempts; `attempts` is at least 1. Returns 0 if there is no back-off.
 * Jitter: `lot` chooses from 50 to 100% of the full delay, so items that failed together are not retried together.
 * Takes constant time.
 */
uint64_t weir__backoff_delay(weir__backoff backoff, unsigned attempts, uint64_t lot);

#endif /* WEIR_FLOW_BACKOFF_H */
