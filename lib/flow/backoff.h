/*
 * backoff.h - Implements the delay before an item's next attempt.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_FLOW_BACKOFF_H
#define WEIR_FLOW_BACKOFF_H

#include <stdint.h>

typedef struct weir__backoff {
    uint64_t first; /* ns after the first attempt; doubles with each; 0: no delay */
    uint64_t most;  /* ns; 0: a minute */
} weir__backoff;

/*
 * Returns the delay in ns after `attempts` attempts, at least one; 0 without a back-off. Jitter: `lot` chooses from 50
 * to 100% of the full delay, so items that failed together do not return together. Takes constant time.
 */
uint64_t weir__backoff_delay(weir__backoff backoff, unsigned attempts, uint64_t lot);

#endif /* WEIR_FLOW_BACKOFF_H */
