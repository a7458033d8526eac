/*
 * out.h - Implements output to a stream or to memory, which remembers a failure.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_REPORT_OUT_H
#define WEIR_REPORT_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <weir/status.h>

/*
 * Where the output goes, and whether a write has failed. The error flag of a stream does not tell: it may have been set
 * before.
 */
typedef struct weir__out {
    FILE *stream; /* NULL: the output goes to memory */
    char *text;   /* memory of weir__alloc */
    size_t size;  /* bytes written to `text` */
    size_t room;  /* bytes of `text`; NULL has 0 */
    bool failed;
    int before; /* the thread's cancelability */
} weir__out;

/* Begins output to the stream, and disables cancellation: writing to a stream is a cancellation point. */
void weir__out_begin(weir__out *out, FILE *stream);

/* Flushes the stream, and enables what was enabled. WEIR_OK. WEIR_CLOSED if a write has failed. */
weir_status weir__out_end(weir__out *out);

/* Begins output to memory. */
void weir__out_begin_text(weir__out *out);

/*
 * Ends output to memory. Sets `*text` to the output and a NUL, which the caller frees with weir__free, and `*size` to
 * its bytes without the NUL. `size` may be NULL. Returns WEIR_OK. Returns WEIR_NOMEM if memory has run out; the output
 * is freed then.
 */
weir_status weir__out_end_text(weir__out *out, char **text, size_t *size);

/* Ends output to memory, and frees it. */
void weir__out_drop_text(weir__out *out);

/* Prints like printf. The format must have no floating-point numbers: they depend on the locale (figure.h). */
void weir__out_format(weir__out *out, const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 2, 3)))
#endif
    ;

void weir__out_bytes(weir__out *out, const char *bytes, size_t size);

/* Prints a string that the program gave, for people: control characters become U+FFFD. */
void weir__out_shown(weir__out *out, const char *string);

#endif /* WEIR_REPORT_OUT_H */
