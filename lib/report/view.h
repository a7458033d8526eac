/*
 * view.h - drawing how far a pipeline is, again and again. It has no thread and no clock: whoever draws says when, and
 * the time is that of the reports.
 *
 * On a terminal each frame takes the place of the one before: a line for each stage, and one with a bar. The program
 * should print nothing else there meanwhile. Elsewhere a frame is one plain line.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_REPORT_VIEW_H
#define WEIR_REPORT_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <weir/report.h>

/* How fast a count has risen lately. */
struct weir__pace {
    uint64_t count;
    double rate; /* per second */
};

/* Zero, or as said here, and then through weir__view_begin. */
struct weir__view {
    /* The caller's to set. A terminal may change its size between two frames. */
    FILE *stream;
    bool terminal;
    unsigned columns; /* 0: not known */
    unsigned rows;    /* 0: not known, so that all stages are shown */
    uint64_t total;   /* items that there will be; 0: not known */

    /* The view's own. */
    size_t lines_drawn;    /* that the next frame goes over */
    uint64_t last_elapsed; /* of the report of the frame before */
    struct weir__pace whole;
    struct weir__pace *stages;
    size_t stage_count;
    char *frame; /* what is written at once */
    size_t length;
    size_t room; /* columns that are left in its line */
};

/* Makes room for reports with so many stages; false: out of memory. */
bool weir__view_begin(struct weir__view *view, size_t stage_count);

/* Draws a frame and flushes the stream. In the `last` one the rates are those since the start. */
void weir__view_draw(struct weir__view *view, const weir_report *report, bool last);

/* Frees what begin has made. */
void weir__view_end(struct weir__view *view);

#endif /* WEIR_REPORT_VIEW_H */
