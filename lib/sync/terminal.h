/*
 * terminal.h - Declares the query of a terminal's size.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SYNC_TERMINAL_H
#define WEIR_SYNC_TERMINAL_H

#include <stdio.h>

struct weir__terminal {
    unsigned columns; /* 0: not a terminal */
    unsigned rows;
};

/* Returns the current size of the terminal that the stream writes to. */
struct weir__terminal weir__terminal_size(FILE *stream);

#endif /* WEIR_SYNC_TERMINAL_H */
