/*
 * thread_gone_linux.c - by the signal that is none, which the system refuses to send to a thread that is not there.
 *
 * pthread_kill would say of one that has ended and is not joined that it is there, and pthread_clockjoin_np and
 * pthread_tryjoin_np are joins that tools which look for data races do not know. The system gives the number of a thread
 * that has ended, joined or not, to another one after some ten thousand: then only such a join tells.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE

#include "sync/thread_gone.h"

#include <errno.h>
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
