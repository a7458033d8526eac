/*
 * poll.c - Implements a wait for a file descriptor, by poll(2).
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "sync/poll.h"

#include <errno.h>
#include <limits.h>
#include <poll.h>

#include "sync/clock.h"
#include "sync/thread.h"

int weir__poll_limit(uint64_t deadline) {
    uint64_t now = weir__clock_now();
    if (deadline == UINT64_MAX)
        return -1;
    if (deadline <= now)
        return 0;
    uint64_t left = (deadline - now - 1) / 1000000 + 1;
    return left < INT_MAX ? (int)left : INT_MAX;
}

weir__polled weir__poll(int fd, short events, int stop, uint64_t deadline) {
    struct pollfd polled[2] = {{.fd = fd, .events = events}, {.fd = stop, .events = POLLIN}};
    int before = weir__uncancellable_begin(), ready;
    do {
        ready = poll(polled, 2, weir__poll_limit(deadline));
    } while ((ready == 0 && weir__clock_now() < deadline) || (ready < 0 && (errno == EINTR || errno == EAGAIN)));
    weir__uncancellable_end(before);
    if (ready < 0)
        return WEIR__POLLED_NOMEM;
    if (ready == 0)
        return WEIR__POLLED_LATE;
    if (polled[1].revents != 0)
        return WEIR__POLLED_STOP;
    return polled[0].revents & POLLNVAL ? WEIR__POLLED_BAD : WEIR__POLLED_READY;
}
