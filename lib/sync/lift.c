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

int weir__lift_above(int fd, int last) {
    if (fd < 0 || fd > last)
        return fd;
    int before = weir__uncancellable_begin(), lifted = fcntl(fd, F_DUPFD_CLOEXEC, last + 1);
    int error = errno == EINVAL ? EMFILE : errno; /* EINVAL: the limit is not above `last` */
    close(fd);
    weir__uncancellable_end(before);
    errno = error;
    return lifted;
}

int weir__lift(int fd) {
    return weir__lift_above(fd, WEIR__LAST_STANDARD);
}
