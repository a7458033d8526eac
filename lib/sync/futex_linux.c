/*
 * futex_linux.c - Implements blocking on a word with the futex of Linux.
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

/* FUTEX_WAIT_BITSET takes an absolute timeout on the monotonic clock. */
static long wait_with(long call, weir__u32 *word, uint32_t value, const void *until) {
    return syscall(call, &word->value, FUTEX_WAIT_BITSET | FUTEX_PRIVATE_FLAG, value, until, NULL,
                   FUTEX_BITSET_MATCH_ANY);
}

#if defined(SYS_futex_time64)
/* 32-bit systems have two calls, with seconds of 32 and of 64 bits. The latter is missing before Linux 5.1. */
static long wait_until(weir__u32 *word, uint32_t value, const struct timespec *until) {
    if (sizeof(time_t) == sizeof(long))
        return wait_with(SYS_futex, word, value, until);
    long result = wait_with(SYS_futex_time64, word, value, until);
    if (result == -1 && errno == ENOSYS) {
        long narrow[2] = {until->tv_sec > LONG_MAX ? LONG_MAX : (long)until->tv_sec, (long)until->tv_nsec};
        result = wait_with(SYS_futex, word, value, narrow);
    }
    return result;
}
#else
static long wait_until(weir__u32 *word, uint32_t value, const struct timespec *until) {
    return wait_with(SYS_futex, word, value, until);
}
#endif

bool weir__futex_wait(weir__u32 *word, uint32_t value, uint64_t deadline) {
    long result;
    if (deadline == UINT64_MAX) {
        result = wait_with(SYS_futex, word, value, NULL);
    } else {
        struct timespec until = weir__clock_timespec(deadline);
        result = wait_until(word, value, &until);
    }
    return !(result == -1 && errno == ETIMEDOUT);
}

void weir__futex_wake(const weir__u32 *word, uint32_t count) {
    int most = count > INT_MAX ? INT_MAX : (int)count;
    syscall(SYS_futex, &word->value, FUTEX_WAKE | FUTEX_PRIVATE_FLAG, most, NULL, NULL, 0);
}
