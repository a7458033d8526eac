/*
 * barrier_none.c - for systems without a barrier for all threads.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "sync/barrier.h"

bool weir__barrier_works;

bool weir__barrier_of_all(void) {
    return false;
}
