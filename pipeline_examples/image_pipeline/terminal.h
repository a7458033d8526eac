/*
 * terminal.h - output for the user: messages, and one status line that is rewritten in place.
 *
 * Any thread may print at any time and never blocks. If the output is a pipe without a reader, or a stopped terminal,
 * only the thread that does nothing but write blocks. A message never splits the status line: the status line is
 * wiped, the message is printed, and the status line is drawn again below it.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_TERMINAL_H
#define IMAGE_PIPELINE_TERMINAL_H

#include <stdbool.h>

#include <weir/deadline.h>

#if defined(__GNUC__)
#define TERMINAL_PRINTF(text, first) __attribute__((format(printf, text, first)))
#else
#define TERMINAL_PRINTF(text, first)
#endif

/* Must be the first call. `program` precedes every message, and must stay valid. */
void terminal_open(const char *program);

/* Blocks until all output so far is written, or the deadline passes. */
void terminal_flush(weir_deadline deadline);

/*
 * Must be the last call. Blocks until all output is written. Signals that should end the program must not be blocked.
 */
void terminal_close(void);

/* Returns whether standard error is a terminal, where a line can be rewritten. */
bool terminal_is_interactive(void);

/*
 * Prints "program: message" as one line to standard error, with escapes as in escape.h. If very many lines are pending,
 * further messages are dropped, and their number is printed.
 */
void terminal_say(const char *format, ...) TERMINAL_PRINTF(1, 2);

/* On a terminal, replaces the status line. Elsewhere, does the same as terminal_say. */
void terminal_status(const char *format, ...) TERMINAL_PRINTF(1, 2);

/* Leaves the status line on the screen; further output starts on a new line. */
void terminal_end_status(void);

#endif /* IMAGE_PIPELINE_TERMINAL_H */
