/*
 * terminal.c - Implements the query of a POSIX terminal's size.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "sync/terminal.h"

#include <stdbool.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "sync/thread.h"

static const struct weir__terminal none, usual = {.columns = 80, .rows = 24};

/* Returns false if the stream is not a terminal. */
static bool ask(FILE *stream, struct winsize *size) {
    int before = weir__uncancellable_begin(); /* POSIX allows ioctl to be a cancellation point */
    int end = fileno(stream);
    bool is_terminal = end >= 0 && isatty(end);
    if (is_terminal && ioctl(end, TIOCGWINSZ, size) != 0)
        size->ws_col = 0;
    weir__uncancellable_end(before);
    return is_terminal;
}

struct weir__terminal weir__terminal_size(FILE *stream) {
    struct winsize size;
    if (!ask(stream, &size))
        return none;
    if (size.ws_col == 0)
        return usual;
    return (struct weir__terminal){.columns = size.ws_col, .rows = size.ws_row};
}
