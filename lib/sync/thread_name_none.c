/*
 * thread_name_none.c - for systems whose threads have no name that can be set from C11 and POSIX.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "sync/thread_name.h"

void weir__thread_set_name(const char *name) {
    (void)name;
}
