/*
 * event_eventfd.c - Makes events of Linux's eventfd: one descriptor where a pipe has two.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <sys/eventfd.h>

#include "sync/event_ends.h"

bool weir__event_make_ends(int *readable, int *written) {
    *readable = *written = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return *readable >= 0;
}
