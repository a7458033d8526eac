/*
 * terminal.c - POSIX terminals.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "sync/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

static const struct weir__terminal none, usual = {.columns = 80, .rows = 24};

struct weir__terminal weir__terminal_size(FILE *stream) {
    struct winsize size;
    int end = fileno(stream);
    if (end < 0 || !isatty(end))
        return none;
    if (ioctl(end, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return usual;
    return (struct weir__terminal){.columns = size.ws_col, .rows = size.ws_row};
}
