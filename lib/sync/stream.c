/*
 * stream.c - Implements the descriptors that become the standard streams of a child process.
 *
 * The input of a child is a file in memory: no thread has to write to it while another one reads, and a child that does
 * not read it raises no SIGPIPE. A system without memfd_create has a temporary file instead, which is unlinked at once.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE /* pipe2, memfd_create */

#include "sync/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sync/lift.h"
#include "sync/poll.h"
#include "sync/signals.h"
#include "sync/thread.h"

/* ---- making ---- */

static int new_file(void) {
#ifdef MFD_CLOEXEC
    int memory = memfd_create("weir", MFD_CLOEXEC);
    if (memory >= 0 || errno == EMFILE || errno == ENFILE || errno == ENOMEM)
        return memory; /* otherwise the system lacks it, or forbids it */
#endif
    char name[] = "/tmp/weir-XXXXXX";
    int file = mkostemp(name, O_CLOEXEC);
    if (file >= 0)
        (void)unlink(name);
    return file;
}

/* Returns 0 or an errno: EFBIG above the limit of this process for files, which raises SIGXFSZ too. */
static int write_all(int fd, const char *bytes, size_t size) {
    while (size > 0) {
        ssize_t written = write(fd, bytes, size);
        if (written < 0 && errno != EINTR)
            return errno;
        bytes += written > 0 ? written : 0;
        size -= written > 0 ? (size_t)written : 0;
    }
    return lseek(fd, 0, SEEK_SET) < 0 ? errno : 0;
}

/* The same, and the process does not end by that signal. */
static int write_input(int fd, const void *bytes, size_t size) {
    weir__held_signal held;
    weir__signal_hold(&held, SIGXFSZ);
    int error = write_all(fd, bytes, size);
    weir__signal_release(&held);
    return error;
}

int weir__stream_null(int *fd) {
    int before = weir__uncancellable_begin();
    *fd = weir__lift(open("/dev/null", O_RDWR | O_CLOEXEC));
    int error = *fd < 0 ? errno : 0;
    weir__uncancellable_end(before);
    return error;
}

int weir__stream_of(const void *bytes, size_t size, int *fd) {
    if (size == 0 && weir__stream_null(fd) == 0)
        return 0;
    int before = weir__uncancellable_begin();
    *fd = weir__lift(new_file()); /* an empty one in a bare chroot(2) */
    int error = *fd < 0 ? errno : write_input(*fd, bytes, size);
    if (error != 0)
        weir__stream_close(fd);
    weir__uncancellable_end(before);
    return error;
}

int weir__stream_pipe(int *reading, int *writing) {
    int ends[2], error = 0, before = weir__uncancellable_begin();
    *reading = *writing = -1;
    if (pipe2(ends, O_CLOEXEC) != 0) {
        error = errno;
    } else {
        *reading = weir__lift(ends[0]);
        error = *reading < 0 ? errno : 0;
        *writing = weir__lift(ends[1]);
        error = *writing < 0 ? errno : error;
        if (error == 0 && fcntl(*reading, F_SETFL, O_NONBLOCK) != 0)
            error = errno;
        if (error != 0) {
            weir__stream_close(reading);
            weir__stream_close(writing);
        }
    }
    weir__uncancellable_end(before);
    return error;
}

int weir__stream_copy(int fd, int *copy) {
    int before = weir__uncancellable_begin();
    *copy = fcntl(fd, F_DUPFD_CLOEXEC, WEIR__LAST_STANDARD + 1);
    int error = *copy < 0 ? errno : 0;
    weir__uncancellable_end(before);
    return error;
}

bool weir__stream_passes(int stream) {
    int flags = fcntl(stream, F_GETFD);
    return flags >= 0 && (flags & FD_CLOEXEC) == 0;
}

void weir__stream_close(int *fd) {
    int before = weir__uncancellable_begin();
    if (*fd >= 0)
        close(*fd);
    weir__uncancellable_end(before);
    *fd = -1;
}

/* ---- reading ---- */

ptrdiff_t weir__stream_read(int fd, void *to, size_t size) {
    int before = weir__uncancellable_begin();
    ssize_t got = read(fd, to, size);
    if (got < 0 && errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
        got = 0;
    weir__uncancellable_end(before);
    return got;
}

size_t weir__stream_left(int fd) {
    int left = 0;
    return ioctl(fd, FIONREAD, &left) == 0 && left > 0 ? (size_t)left : 0;
}

bool weir__stream_poll(struct pollfd *polled, unsigned count, uint64_t deadline) {
    int before = weir__uncancellable_begin(), ready = poll(polled, count, weir__poll_limit(deadline));
    bool looked = ready >= 0 || errno == EINTR;
    for (unsigned i = 0; ready <= 0 && i < count; i++)
        polled[i].revents = 0;
    weir__uncancellable_end(before);
    return looked;
}
