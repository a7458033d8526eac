/*
 * poll.h - Declares waits for file descriptors.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SYNC_POLL_H
#define WEIR_SYNC_POLL_H

#include <poll.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* How the wait has ended. */
typedef enum weir__polled {
    WEIR__POLLED_READY,
    WEIR__POLLED_STOP,
    WEIR__POLLED_LATE,
    WEIR__POLLED_BAD,  /* `fd` is not open */
    WEIR__POLLED_NOMEM /* the system has no memory for the wait */
} weir__polled;

/*
 * Blocks until `fd` is ready for `events` of poll(2) or has failed, `stop` is readable, or the deadline of
 * weir__clock_now passes. `stop` comes first. A negative descriptor is ignored. Ignores signals; no cancellation point.
 */
weir__polled weir__poll(int fd, short events, int stop, uint64_t deadline);

/* One of several descriptors to wait for. */
typedef struct pollfd weir__pollfd;

/* Sets an entry: ready once `fd` can be read, or written. A negative `fd` is never ready. */
void weir__poll_entry(weir__pollfd *entry, int fd, bool write);

/*
 * Like weir__poll, for several entries. Returns the number of those that are ready, 0 if the deadline passed first, or -1
 * if the system has no memory for the wait. weir__poll_result says how an entry is, afterwards: WEIR__POLLED_READY,
 * WEIR__POLLED_BAD or, if it is not ready, WEIR__POLLED_LATE.
 */
int weir__poll_all(weir__pollfd *entries, size_t count, uint64_t deadline);
weir__polled weir__poll_result(const weir__pollfd *entry);

/*
 * Returns the milliseconds from now until a deadline of weir__clock_now, as poll(2) has them: rounded up, so that the wait
 * does not end before the deadline; -1 for none.
 */
int weir__poll_limit(uint64_t deadline);

#endif /* WEIR_SYNC_POLL_H */
