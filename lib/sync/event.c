/*
 * event.c - Implements events with file descriptors.
 *
 * If the program has closed its standard streams, a new descriptor takes the number of one of them for a moment. It is
 * moved above them, so that later output of the program does not reach it. Bytes that arrived meanwhile are discarded.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "sync/event.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <unistd.h>

#include "sync/event_ends.h"
#include "sync/lift.h"
#include "sync/thread.h"

/*
 * Moves a descriptor above the standard streams, and makes it close-on-exec and non-blocking. On failure, closes it
 * and returns -1.
 */
static int prepare(int end) {
    int prepared = weir__lift(end);
    if (prepared < 0)
        return -1;
    if (fcntl(prepared, F_SETFD, FD_CLOEXEC) == 0 && fcntl(prepared, F_SETFL, O_NONBLOCK) == 0)
        return prepared;
    close(prepared);
    return -1;
}

static void close_ends(int readable, int written) {
    if (readable >= 0)
        close(readable);
    if (written >= 0 && written != readable)
        close(written);
}

/* Discards what was written. Returns the sum. */
static uint64_t empty(int readable) {
    uint64_t read_now, all = 0;
    while (read(readable, &read_now, sizeof read_now) > 0)
        all += read_now;
    return all;
}

static bool open_event(weir__event *event) {
    int readable, written;
    if (!weir__event_make_ends(&readable, &written))
        return false;
    bool one = written == readable, low = readable <= WEIR__LAST_STANDARD || written <= WEIR__LAST_STANDARD;
    readable = prepare(readable);
    written = one ? readable : prepare(written);
    if (readable < 0 || written < 0) {
        close_ends(readable, written);
        return false;
    }
    if (low)
        (void)empty(readable);
    event->readable = readable;
    event->written = written;
    return true;
}

/* A full pipe is readable already. */
static void tell(const weir__event *event) {
    const uint64_t one = 1;
    ssize_t written = write(event->written, &one, sizeof one);
    (void)written;
}

int weir__event_descriptor(weir__event *event) {
    int before = weir__uncancellable_begin();
    if (!event->open) {
        event->open = open_event(event);
        if (event->open && event->happened)
            tell(event);
    }
    weir__uncancellable_end(before);
    return event->open ? event->readable : -1;
}

void weir__event_happen(weir__event *event) {
    int before = weir__uncancellable_begin();
    if (event->open && !event->happened)
        tell(event);
    weir__uncancellable_end(before);
    event->happened = true;
}

void weir__event_ring(weir__event *event) {
    int before = weir__uncancellable_begin(), error = errno;
    tell(event);
    errno = error;
    weir__uncancellable_end(before);
}

uint64_t weir__event_quiet(weir__event *event) {
    int before = weir__uncancellable_begin(), error = errno;
    uint64_t rings = empty(event->readable);
    errno = error;
    weir__uncancellable_end(before);
    return rings;
}

void weir__event_close(weir__event *event) {
    int before = weir__uncancellable_begin();
    if (event->open)
        close_ends(event->readable, event->written);
    weir__uncancellable_end(before);
    event->open = false;
}
