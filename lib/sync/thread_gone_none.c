/*
 * thread_gone_none.c - Implements the check for systems that do not tell: a join blocks until the thread has ended.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "sync/thread_gone.h"

uint32_t weir__thread_number(void) {
    return 0;
}

bool weir__thread_is_gone(uint32_t number) {
    (void)number;
    return true;
}

bool weir__thread_try_join(pthread_t id) {
    (void)id;
    return false;
}

uint64_t weir__thread_count_sleeps(void) {
    return UINT64_MAX;
}
