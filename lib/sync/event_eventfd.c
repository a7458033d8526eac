/*
 * event_eventfd.c - Implements the ends of an event with Linux's eventfd: one descriptor instead of a pipe's two.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <sys/eventfd.h>

#include "sync/event_ends.h"

bool weir__event_make_ends(int *readable, int *written) {
    *readable = *written = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return *readable >= 0;
}
