/*
 * poll.c - Implements waits for file descriptors, by poll(2).
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

void weir__poll_entry(weir__pollfd *entry, int fd, bool write) {
    *entry = (weir__pollfd){.fd = fd, .events = write ? POLLOUT : POLLIN};
}

int weir__poll_all(weir__pollfd *entries, size_t count, uint64_t deadline) {
    int before = weir__uncancellable_begin(), ready;
    do {
        ready = poll(entries, (nfds_t)count, weir__poll_limit(deadline));
    } while ((ready == 0 && weir__clock_now() < deadline) || (ready < 0 && (errno == EINTR || errno == EAGAIN)));
    weir__uncancellable_end(before);
    return ready < 0 ? -1 : ready;
}

weir__polled weir__poll_result(const weir__pollfd *entry) {
    if (entry->revents == 0)
        return WEIR__POLLED_LATE;
    return entry->revents & POLLNVAL ? WEIR__POLLED_BAD : WEIR__POLLED_READY;
}

weir__polled weir__poll(int fd, short events, int stop, uint64_t deadline) {
    weir__pollfd polled[2] = {{.fd = fd, .events = events}, {.fd = stop, .events = POLLIN}};
    int ready = weir__poll_all(polled, 2, deadline);
    if (ready < 0)
        return WEIR__POLLED_NOMEM;
    if (ready == 0)
        return WEIR__POLLED_LATE;
    if (polled[1].revents != 0)
        return WEIR__POLLED_STOP;
    return polled[0].revents & POLLNVAL ? WEIR__POLLED_BAD : WEIR__POLLED_READY;
}
