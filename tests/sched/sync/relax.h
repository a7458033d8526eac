/*
 * relax.h - the seam's spinning, over the scheduler. Spinning is left out: it is a way to wait, and the scheduler
 * explores all the ways to wait already.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SYNC_RELAX_H
#define WEIR_SYNC_RELAX_H

#include <stdint.h>

enum { WEIR__SPIN_FOR_LOCK = 0, WEIR__PAUSE_FOR_PARTNER = 0, WEIR__YIELD_FOR_PARTNER = 0 };
enum { WEIR__YIELD_MAY_TAKE = 1 };

static inline void weir__pause(uint32_t nanoseconds) {
    (void)nanoseconds;
}

static inline void weir__yield(void) {
}

#endif /* WEIR_SYNC_RELAX_H */
