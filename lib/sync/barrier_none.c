/*
 * barrier_none.c - Implements the barrier for systems without one: every call fails.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "sync/barrier.h"

weir__u32 weir__barrier_state = {WEIR__BARRIER_NEVER_WORKS};

bool weir__barrier_of_all(void) {
    return false;
}
