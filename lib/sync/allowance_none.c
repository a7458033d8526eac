/*
 * allowance_none.c - Implements allowances for systems that do not tell them.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "sync/allowance.h"

unsigned weir__allowance_by_affinity(void) {
    return WEIR__NO_ALLOWANCE;
}

unsigned weir__allowance_by_groups(const char *membership, const char *mount) {
    (void)membership;
    (void)mount;
    return WEIR__NO_ALLOWANCE;
}
