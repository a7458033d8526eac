/*
 * terminal.h - what the program says to people: messages, and one status line that is rewritten in place.
 *
 * Every thread may say something at any time, and never waits for that: a pipe that is not read, or a terminal that is
 * stopped, blocks one thread, which does nothing but write. A message never lands in the middle of the status line: the
 * status line is wiped, the message printed, the status line drawn again below it.
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

/* To be called first. `program` stands in front of every message, and must live on. */
void terminal_open(const char *program);

/* Blocks until all that was said so far is written, or the deadline passes. */
void terminal_flush(weir_deadline deadline);

/* The last call. Blocks until all is written: the signals that are to end the program should not be blocked. */
void terminal_close(void);

/* Whether standard error is a terminal, where a line can be rewritten. */
bool terminal_is_interactive(void);

/*
 * Prints "program: message" as one line to standard error. Control characters, as in a file's name, become '?'. When
 * very many lines wait to be written, more are left out, and their number is printed.
 */
void terminal_say(const char *format, ...) TERMINAL_PRINTF(1, 2);

/* On a terminal: replaces the status line. Elsewhere: the same as terminal_say. */
void terminal_status(const char *format, ...) TERMINAL_PRINTF(1, 2);

/* Leaves the status line as it is, and what follows starts on a line of its own. */
void terminal_end_status(void);

#endif /* IMAGE_PIPELINE_TERMINAL_H */
