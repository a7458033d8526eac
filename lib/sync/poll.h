/*
 * poll.h - Declares a wait for a file descriptor.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SYNC_POLL_H
#define WEIR_SYNC_POLL_H

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

/*
 * Returns the milliseconds from now until a deadline of weir__clock_now, as poll(2) has them: rounded up, so that the wait
 * does not end before the deadline; -1 for none.
 */
int weir__poll_limit(uint64_t deadline);

#endif /* WEIR_SYNC_POLL_H */
