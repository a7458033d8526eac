/*
 * random.h - the seam's random numbers over the scheduler: always 0, so that a schedule can be replayed. See
 * lib/sync/random.h.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SYNC_RANDOM_H
#define WEIR_SYNC_RANDOM_H

#include <stdint.h>

static inline uint32_t weir__random_below(uint32_t bound) {
    (void)bound;
    return 0;
}

#endif /* WEIR_SYNC_RANDOM_H */
