/*
 * poll.h - the seam's wait for a descriptor over the scheduler, which has none: it fails. See lib/sync/poll.h.
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
} weir__pollfd;

static inline void weir__poll_entry(weir__pollfd *entry, int fd, bool write) {
    (void)write;
    entry->fd = fd;
}

static inline int weir__poll_all(weir__pollfd *entries, size_t count, uint64_t deadline) {
    (void)entries;
    (void)count;
    (void)deadline;
    return -1;
}

static inline weir__polled weir__poll_result(const weir__pollfd *entry) {
    (void)entry;
    return WEIR__POLLED_LATE;
}

#endif /* WEIR_SYNC_POLL_H */
