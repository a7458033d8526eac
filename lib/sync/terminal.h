/*
 * terminal.h - whether people look at a stream.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SYNC_TERMINAL_H
#define WEIR_SYNC_TERMINAL_H

#include <stdio.h>

struct weir__terminal {
    unsigned columns; /* 0: it is no terminal */
    unsigned rows;
};

/* The terminal that the stream writes to, as it is now. */
struct weir__terminal weir__terminal_size(FILE *stream);

#endif /* WEIR_SYNC_TERMINAL_H */
