/*
 * barrier.h - the seam's barrier over the scheduler. It works where a scenario says so; elsewhere it is left out, so
 * that there are fewer schedules. See lib/sync/barrier.h.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SYNC_BARRIER_H
#define WEIR_SYNC_BARRIER_H

#include <stdbool.h>

bool weir__barrier_works(void);
bool weir__barrier_never_works(void);
bool weir__barrier_of_all(void);

static inline void weir__barrier_of_compiler(void) {
}

#endif /* WEIR_SYNC_BARRIER_H */
