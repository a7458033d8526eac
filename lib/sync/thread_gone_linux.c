/*
 * thread_gone_linux.c - Implements the check with signal 0, which fails for a thread that does not exist.
 *
 * For a thread that has ended but is not joined, pthread_kill reports success. pthread_clockjoin_np and
 * pthread_tryjoin_np are joins that race detectors do not know. After some ten thousand new threads the system reuses
 * the number of an ended thread, joined or not. From then on, only such a join tells.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE

#include "sync/thread_gone.h"

#include <errno.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

uint32_t weir__thread_number(void) {
    return (uint32_t)syscall(SYS_gettid);
}

bool weir__thread_is_gone(uint32_t number) {
    int before = errno;
    bool gone = number != 0 && syscall(SYS_tgkill, getpid(), number, 0) != 0 && errno == ESRCH;
    errno = before;
    return gone;
}

bool weir__thread_try_join(pthread_t id) {
    return pthread_tryjoin_np(id, NULL) == 0;
}

uint64_t weir__thread_count_sleeps(void) {
    struct rusage usage;
    return getrusage(RUSAGE_THREAD, &usage) == 0 ? (uint64_t)usage.ru_nvcsw : UINT64_MAX;
}
