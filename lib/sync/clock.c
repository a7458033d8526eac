/*
 * clock.c - Implements the clocks with clock_gettime of POSIX.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "sync/clock.h"

#define BILLION UINT64_C(1000000000)

uint64_t weir__clock_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * BILLION + (uint64_t)now.tv_nsec;
}

struct timespec weir__clock_timespec(uint64_t nanoseconds) {
    uint64_t seconds = nanoseconds / BILLION;
    if (sizeof(time_t) < sizeof(int64_t) && seconds > INT32_MAX)
        seconds = INT32_MAX;
    return (struct timespec){.tv_sec = (time_t)seconds, .tv_nsec = (long)(nanoseconds % BILLION)};
}

uint64_t weir__clock_used(void) {
    struct timespec used;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &used);
    return (uint64_t)used.tv_sec * BILLION + (uint64_t)used.tv_nsec;
}
