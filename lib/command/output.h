/*
 * output.h - Declares a kept output of a command: its first bytes, the count of all, and its last line.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_COMMAND_OUTPUT_H
#define WEIR_COMMAND_OUTPUT_H

#include <stdbool.h>
#include <stddef.h>

#include <weir/command.h>

enum { WEIR__LAST_LINE = 161 }; /* bytes, terminating zero included */

/* Zero-initialised but for `most`. */
typedef struct weir__output {
    weir_command_output kept; /* `text` is from weir__alloc */
    size_t most, room;        /* bytes that may be kept; that fit into `text` */
    bool lost;                /* there was no memory for bytes to keep */
    size_t tail_length;
    char tail[WEIR__LAST_LINE - 1]; /* the last bytes of all */
} weir__output;

/* Counts the bytes, and keeps as many as may be kept. */
void weir__output_add(weir__output *output, const char *bytes, size_t size);

/* Writes the last line that is not empty, without control characters; "" if there is none. */
void weir__output_last_line(const weir__output *output, char line[WEIR__LAST_LINE]);

#endif /* WEIR_COMMAND_OUTPUT_H */
