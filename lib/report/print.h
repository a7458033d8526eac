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

#include "base/tree.h"

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

/* A report of a page, among those of its name there. */
typedef struct weir__twin {
    weir__tree_node node; /* first; in the first report of a name, which is found by it */
    size_t so_far;        /* the same; reports with that name */
    size_t before;        /* reports with its name that stand before it */
} weir__twin;

/* Reports that are printed together. `twins`: one of each; NULL: all names differ. */
typedef struct weir__page {
    const weir_report *const *reports;
    size_t count;
    const weir__twin *twins;
} weir__page;

/* Fills in an array for `twins`. */
void weir__page_count_twins(const weir__page *page, weir__twin *twins);

/* The formats, each in the file of its name. */
void weir__print_table(weir__out *out, const weir_report *report);
void weir__print_prometheus(weir__out *out, const weir__page *page);
void weir__print_dot(weir__out *out, const weir_report *report);

#endif /* WEIR_REPORT_PRINT_H */
