/*
 * print.h - the formats of a report, and what they print with.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_REPORT_PRINT_H
#define WEIR_REPORT_PRINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include <weir/report.h>

/* A stream, and whether it has refused anything. Its own error flag does not tell: it may be up from before. */
typedef struct weir__out {
    FILE *stream;
    bool failed;
} weir__out;

/* As printf. No floating-point number: it would be printed as the locale wants it (figure.h). */
void weir__out_format(weir__out *out, const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 2, 3)))
#endif
    ;

void weir__out_bytes(weir__out *out, const char *bytes, size_t size);

/* A string that the program gave, for people. */
void weir__out_shown(weir__out *out, const char *string);

/* Reports that are printed together. `twins` of each: how many before it have the same name there; NULL: none has. */
typedef struct weir__page {
    const weir_report *const *reports;
    size_t count;
    const size_t *twins;
} weir__page;

/* Fills in an array for `twins`. */
void weir__page_count_twins(const weir__page *page, size_t *twins);

/* The formats, each in the file of its name. */
void weir__print_table(weir__out *out, const weir_report *report);
void weir__print_prometheus(weir__out *out, const weir__page *page);
void weir__print_dot(weir__out *out, const weir_report *report);

#endif /* WEIR_REPORT_PRINT_H */
