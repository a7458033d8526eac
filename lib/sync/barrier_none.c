/*
 * barrier_none.c - for systems without a barrier for all threads.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "sync/barrier.h"

weir__u32 weir__barrier_state = {WEIR__BARRIER_NEVER_WORKS};

bool weir__barrier_of_all(void) {
    return false;
}
