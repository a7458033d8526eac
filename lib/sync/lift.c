/*
 * lift.c - Implements the move of a descriptor above the standard streams.
 *
 * If the program has closed its standard streams, a new descriptor takes the number of one of them. It is moved, so that
 * later output of the program does not reach it.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "sync/lift.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "sync/thread.h"

int weir__lift(int fd) {
    if (fd < 0 || fd > WEIR__LAST_STANDARD)
        return fd;
    int before = weir__uncancellable_begin(), lifted = fcntl(fd, F_DUPFD_CLOEXEC, WEIR__LAST_STANDARD + 1);
    int error = errno;
    close(fd);
    weir__uncancellable_end(before);
    errno = error;
    return lifted;
}
