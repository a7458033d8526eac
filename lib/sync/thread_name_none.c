/*
 * thread_name_none.c - Implements no thread names, for systems where C11 and POSIX cannot set them.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "sync/thread_name.h"

void weir__thread_set_name(const char *name) {
    (void)name;
}
