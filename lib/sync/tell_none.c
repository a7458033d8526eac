/*
 * tell_none.c - Implements reports that do nothing.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "sync/tell.h"

bool weir__told;

void weir__tell_release(const volatile void *address) {
    (void)address;
}

void weir__tell_acquire(const volatile void *address) {
    (void)address;
}
