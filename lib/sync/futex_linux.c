/*
 * futex_linux.c - the futex of Linux.
 *
 * U. Drepper, "Futexes Are Tricky", 2011; futex(2).
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "sync/futex.h"

#include <errno.h>
#include <limits.h>
#include <linux/futex.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "sync/clock.h"

/* 32-bit systems have two calls, by the size of the seconds; the C library's timespec says which one is meant. */
#if defined(SYS_futex_time64)
#define FUTEX_CALL (sizeof(time_t) > sizeof(long) ? SYS_futex_time64 : SYS_futex)
#else
#define FUTEX_CALL SYS_futex
#endif

bool weir__futex_wait(weir__u32 *word, uint32_t value, uint64_t deadline) {
    struct timespec until = weir__clock_timespec(deadline);
    /* The bitset form is the one whose timeout is a point in time on the monotonic clock. */
    long result = syscall(FUTEX_CALL, &word->value, FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG, value,
                          deadline == UINT64_MAX ? NULL : &until, NULL, FUTEX_BITSET_MATCH_ANY);
    return !(result == -1 && errno == ETIMEDOUT);
}

void weir__futex_wake(const weir__u32 *word, uint32_t count) {
    int most = count > INT_MAX ? INT_MAX : (int)count;
    syscall(FUTEX_CALL, &word->value, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, most, NULL, NULL, 0);
}
