/*
 * system_call.c - Implements the question what a thread sleeps in, by the proc file system.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "sync/system_call.h"

#include <stddef.h>
#include <stdlib.h>

#ifdef __linux__
#include <sys/syscall.h>
#endif

/* The file has "running", or the number and its arguments. */
long weir__system_call_of(const weir__thread *thread) {
    char text[32];
    if (!weir__thread_read(thread, "syscall", text, sizeof text))
        return -1;
    return text[0] >= '0' && text[0] <= '9' ? strtol(text, NULL, 10) : -1;
}

static const long polling[] = {
#ifdef SYS_poll
    SYS_poll,
#endif
#ifdef SYS_ppoll
    SYS_ppoll,
#endif
#ifdef SYS_ppoll_time64
    SYS_ppoll_time64,
#endif
#ifdef SYS_select
    SYS_select,
#endif
#ifdef SYS__newselect
    SYS__newselect,
#endif
#ifdef SYS_pselect6
    SYS_pselect6,
#endif
#ifdef SYS_pselect6_time64
    SYS_pselect6_time64,
#endif
#ifdef SYS_epoll_wait
    SYS_epoll_wait,
#endif
#ifdef SYS_epoll_pwait
    SYS_epoll_pwait,
#endif
#ifdef SYS_epoll_pwait2
    SYS_epoll_pwait2,
#endif
#ifdef SYS_io_uring_enter
    SYS_io_uring_enter,
#endif
    -2};

bool weir__system_call_polls(long number) {
    for (size_t i = 0; i < sizeof polling / sizeof polling[0]; i++) {
        if (polling[i] == number)
            return true;
    }
    return false;
}
