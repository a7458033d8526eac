/*
 * terminal.h - the seam's terminal over the scheduler: there is none. See lib/sync/terminal.h.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SYNC_TERMINAL_H
#define WEIR_SYNC_TERMINAL_H

#include <stdio.h>

struct weir__terminal {
    unsigned columns, rows;
};

static inline struct weir__terminal weir__terminal_size(FILE *stream) {
    (void)stream;
    return (struct weir__terminal){0, 0};
}

#endif /* WEIR_SYNC_TERMINAL_H */
