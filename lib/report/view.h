/*
 * view.h - Declares a view, which draws the progress of a pipeline again and again.
 *
 * A view has no thread and no clock: the caller decides when to draw, and the time comes from the reports.
 *
 * On a terminal each frame replaces the previous one: a line for each stage, and one with a bar. The program should
 * print nothing else there meanwhile. Elsewhere a frame is one plain line.
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

/* The recent rate of a count. */
struct weir__pace {
    uint64_t count;
    uint64_t moved; /* time of the run at which the count has last changed, in ns */
    double rate;    /* per second */
};

/* Zero-initialise it, set the caller's members, then call weir__view_begin. */
struct weir__view {
    /* The caller's members. A terminal may change its size between two frames. */
    FILE *stream;
    bool terminal;
    unsigned columns; /* 0: not known */
    unsigned rows;    /* 0: not known, and all stages are shown */
    uint64_t total;   /* items expected; 0: not known */

    /* The view's own members. */
    size_t lines_drawn;    /* the next frame overwrites them */
    uint64_t last_elapsed; /* of the previous frame's report */
    struct weir__pace whole;
    struct weir__pace *stages;
    size_t stage_count;
    char *frame; /* written at once */
    size_t length;
    size_t room; /* columns left in the current line */
};

/* Allocates memory for reports with `stage_count` stages. Returns false if out of memory. */
bool weir__view_begin(struct weir__view *view, size_t stage_count);

/* Draws a frame and flushes the stream. In the last frame (`last`) the rates are averages since the start. */
void weir__view_draw(struct weir__view *view, const weir_report *report, bool last);

/* Frees the memory of weir__view_begin. */
void weir__view_end(struct weir__view *view);

#endif /* WEIR_REPORT_VIEW_H */
