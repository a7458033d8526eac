/*
 * event.c - a pipe: every system has one, and its readable end is all that a poll needs.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "sync/event.h"

#include <fcntl.h>
#include <unistd.h>

/* Not for programs that this one runs, and never a reason to wait. */
static bool prepare(int end) {
    return fcntl(end, F_SETFD, FD_CLOEXEC) == 0 && fcntl(end, F_SETFL, O_NONBLOCK) == 0;
}

bool weir__event_open(weir__event *event) {
    int ends[2];
    event->readable = event->written = -1;
    if (pipe(ends) != 0)
        return false;
    event->readable = ends[0];
    event->written = ends[1];
    if (prepare(ends[0]) && prepare(ends[1]))
        return true;
    weir__event_close(event);
    return false;
}

void weir__event_happen(const weir__event *event) {
    if (event->written < 0)
        return;
    ssize_t written = write(event->written, "!", 1);
    (void)written; /* one byte into an empty pipe */
}

void weir__event_close(weir__event *event) {
    if (event->readable >= 0)
        close(event->readable);
    if (event->written >= 0)
        close(event->written);
    event->readable = event->written = -1;
}
