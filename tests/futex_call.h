/*
 * futex_call.h - Recognizes futex among system calls, for tests that replace syscall.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef TESTS_FUTEX_CALL_H
#define TESTS_FUTEX_CALL_H

#include <stdbool.h>
#include <sys/syscall.h>

/* Whether this is the number of futex, which has six arguments: other calls that the tests see have three at most. */
static inline bool is_futex(long number) {
#if defined(SYS_futex_time64)
    if (number == SYS_futex_time64)
        return true;
#endif
    return number == SYS_futex;
}

#endif /* TESTS_FUTEX_CALL_H */
