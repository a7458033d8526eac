/*
 * poll.h - the seam's waits for descriptors over the scheduler. The descriptors are those of events that ring; a pipe is
 * one. A wait for one descriptor fails. See lib/sync/poll.h.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SYNC_POLL_H
#define WEIR_SYNC_POLL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum weir__polled {
    WEIR__POLLED_READY,
    WEIR__POLLED_STOP,
    WEIR__POLLED_LATE,
    WEIR__POLLED_BAD,
    WEIR__POLLED_NOMEM
} weir__polled;

static inline weir__polled weir__poll(int fd, short events, int stop, uint64_t deadline) {
    (void)fd;
    (void)events;
    (void)stop;
    (void)deadline;
    return WEIR__POLLED_NOMEM;
}

typedef struct weir__pollfd {
    int fd;
    weir__polled result;
} weir__pollfd;

static inline void weir__poll_entry(weir__pollfd *entry, int fd, bool write) {
    (void)write;
    entry->fd = fd;
}

/* A system call: it sees what has rung, and sleeps until one of the events rings. */
int weir__poll_all(weir__pollfd *entries, size_t count, uint64_t deadline);

static inline weir__polled weir__poll_result(const weir__pollfd *entry) {
    return entry->result;
}

#endif /* WEIR_SYNC_POLL_H */
