/*
 * event_pipe.c - Implements the ends of an event with a pipe, which every system has.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <unistd.h>

#include "sync/event_ends.h"

bool weir__event_make_ends(int *readable, int *written) {
    int ends[2];
    if (pipe(ends) != 0)
        return false;
    *readable = ends[0];
    *written = ends[1];
    return true;
}
