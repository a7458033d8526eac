/*
 * print.h - Declares the formats of a report, and their output functions.
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

/* A stream, and whether a write to it has failed. Its own error flag does not tell: it may have been set before. */
typedef struct weir__out {
    FILE *stream;
    bool failed;
} weir__out;

/* Prints like printf. The format must have no floating-point numbers: they depend on the locale (figure.h). */
void weir__out_format(weir__out *out, const char *format, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 2, 3)))
#endif
    ;

void weir__out_bytes(weir__out *out, const char *bytes, size_t size);

/* Prints a string that the program gave, for people: control characters become U+FFFD. */
void weir__out_shown(weir__out *out, const char *string);

/* A report of a page, and its place among the reports of the same name. */
typedef struct weir__twin {
    weir__tree_node node; /* must be first; finds a name by the first report with it */
    size_t so_far;        /* in the first report of a name: reports with that name so far */
    size_t before;        /* reports with the same name before this one */
} weir__twin;

/* Reports that are printed together. `twins` has one element for each; NULL if all names differ. */
typedef struct weir__page {
    const weir_report *const *reports;
    size_t count;
    const weir__twin *twins;
} weir__page;

/* Fills in an array for `twins`, one element for each report. */
void weir__page_count_twins(const weir__page *page, weir__twin *twins);

/* The formats, each in the file of its name. */
void weir__print_table(weir__out *out, const weir_report *report);
void weir__print_prometheus(weir__out *out, const weir__page *page);
void weir__print_dot(weir__out *out, const weir_report *report);

#endif /* WEIR_REPORT_PRINT_H */
