/*
 * random.h - Declares random numbers for choices that must be fair, not secret.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SYNC_RANDOM_H
#define WEIR_SYNC_RANDOM_H

#include <stdint.h>

#include "sync/tls.h"

extern _Thread_local uint64_t weir__random_state WEIR__TLS; /* 0: not begun */

/* Returns a number below `bound`, which is not 0. Each thread has its own sequence: no lock, no shared memory. */
uint32_t weir__random_below(uint32_t bound);

#endif /* WEIR_SYNC_RANDOM_H */
