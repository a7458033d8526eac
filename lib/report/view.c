/*
 * view.c - Implements the frames of a view, and the rates in them.
 *
 * A frame is assembled in memory and written at once, so that it is never seen half drawn. All text goes through
 * `put`, which truncates a line at the width of the terminal. A wrapped line would count as two, and the next frame
 * would begin in the wrong place.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "report/view.h"
#include "report/bottleneck.h"
#include "report/figure.h"
#include "report/letter.h"
#include "report/report.h"
#include "sync/memory.h"
#include "sync/thread.h"

#include <string.h>

enum {
    WIDEST = 240,               /* columns of a line, even on a wider terminal */
    LINE_SIZE = WIDEST * 4 + 8, /* bytes of a line: a character has at most 4 */
    ENDS_SIZE = 64,             /* bytes of the cursor movements before and after the lines */
    NAME_WIDEST = 24,           /* columns of a stage's name */
    QUEUE_BAR = 10,             /* columns between the brackets */
    TOTAL_BAR = 30,
    COLUMNS = 80 /* of a terminal of unknown width */
};

/* The window of a rate, in ns: short enough to follow a change, long enough to keep the rate of slow items steady. */
static const uint64_t window = UINT64_C(5) * 1000 * 1000 * 1000;

bool weir__view_begin(struct weir__view *view, size_t stage_count) {
    size_t paces = stage_count * sizeof view->stages[0];
    size_t lines = stage_count + 2;
    void *memory = weir__alloc(paces + lines * LINE_SIZE + ENDS_SIZE);
    if (memory == NULL)
        return false;
    view->stages = memory;
    view->stage_count = stage_count;
    view->frame = (char *)memory + paces;
    return true;
}

void weir__view_end(struct weir__view *view) {
    weir__free(view->stages);
    view->stages = NULL;
    view->frame = NULL;
    view->stage_count = 0;
}

/* ---- rates ---- */

/* Updates an exponential moving average. Until the run is as long as the window, the rate is the plain average. */
static void follow(struct weir__pace *pace, uint64_t count, uint64_t passed, uint64_t elapsed) {
    uint64_t more = count > pace->count ? count - pace->count : 0;
    uint64_t reach = elapsed < window ? elapsed : window;
    double weight = passed < reach ? (double)passed / (double)reach : 1;
    pace->rate += weight * ((double)more * 1e9 / (double)passed - pace->rate);
    pace->moved = count != pace->count ? elapsed : pace->moved;
    pace->count = count;
}

/*
 * Returns the recent rate. Returns 0 in a stall: if the count has not changed in the window, nor for three times as long
 * as one item took on average.
 */
static double recent_rate(const struct weir__view *view, const struct weir__pace *pace) {
    uint64_t still = view->last_elapsed - pace->moved;
    bool stalls = still >= window && (double)still * (double)pace->count >= 3 * (double)pace->moved;
    return stalls ? 0 : pace->rate;
}

/* Returns the items that have left the pipeline in any way. A dropped item will not be done later either. */
static uint64_t settled(const weir_counts *counts) {
    return counts->done + counts->failed + counts->dead + counts->dropped;
}

static void follow_all(struct weir__view *view, const weir_report *report) {
    if (report->elapsed <= view->last_elapsed)
        return;
    uint64_t passed = report->elapsed - view->last_elapsed;
    view->last_elapsed = report->elapsed;
    follow(&view->whole, settled(&report->counts), passed, report->elapsed);
    for (size_t i = 0; i < view->stage_count && i < report->stage_count; i++)
        follow(&view->stages[i], report->stages[i].counts.done, passed, report->elapsed);
}

static double rate_of(const struct weir__view *view, const weir_report *report, bool last) {
    if (!last)
        return recent_rate(view, &view->whole);
    return report->elapsed == 0 ? 0 : (double)settled(&report->counts) * 1e9 / (double)report->elapsed;
}

/* ---- pieces of text ---- */

/* Puts bytes that take no column. */
static void put_control(struct weir__view *view, const char *bytes) {
    size_t size = strlen(bytes);
    memcpy(view->frame + view->length, bytes, size);
    view->length += size;
}

/* Puts at most `columns` columns of the string. Returns how many it has put. */
static size_t put_some(struct weir__view *view, const char *string, size_t columns) {
    weir__letter letter;
    size_t used = 0;
    while (used < columns && view->room > 0 && weir__letter_next_shown(&string, &letter)) {
        memcpy(view->frame + view->length, letter.bytes, letter.size);
        view->length += letter.size;
        view->room--;
        used++;
    }
    return used;
}

static void put(struct weir__view *view, const char *string) {
    put_some(view, string, WIDEST);
}

static void put_times(struct weir__view *view, const char *string, size_t times) {
    while (times-- > 0 && view->room > 0)
        put(view, string);
}

static void put_left(struct weir__view *view, const char *string, size_t columns) {
    put_times(view, " ", columns - put_some(view, string, columns));
}

/* Aligns the string to the right of its columns, after at least one space even if it is too wide. */
static void put_right(struct weir__view *view, const char *string, size_t columns) {
    size_t length = strlen(string);
    put_times(view, " ", length < columns ? columns - length : 1);
    put(view, string);
}

static void put_bar(struct weir__view *view, size_t filled, size_t columns) {
    put(view, "[");
    put_times(view, "#", filled);
    put_times(view, "-", columns - filled);
    put(view, "]");
}

static void begin_line(struct weir__view *view) {
    size_t columns = view->columns == 0 ? COLUMNS : view->columns;
    /* the last column stays empty: with the cursor there, some terminals are already in the next line */
    view->room = !view->terminal || columns > WIDEST ? WIDEST : columns - 1;
}

static void end_line(struct weir__view *view) {
    put_control(view, view->terminal ? "\x1b[K\n" : "\n");
}

/* ---- the line of the whole ---- */

/* Rounds down: returns 100 only if `part` reaches `whole`. */
static unsigned percent_of(uint64_t part, uint64_t whole) {
    if (part >= whole)
        return 100;
    double percent = (double)part * 100 / (double)whole;
    return percent < 99 ? (unsigned)percent : 99;
}

static void put_counted(struct weir__view *view, uint64_t count, const char *what) {
    if (count == 0)
        return;
    put(view, ", ");
    put(view, weir__figure_count(count).text);
    put(view, what);
}

static void put_time_left(struct weir__view *view, const weir_report *report, double rate) {
    uint64_t through = settled(&report->counts);
    if (through >= view->total || report->state >= WEIR_RUN_CANCELLED || !(rate > 0))
        return;
    double left = (double)(view->total - through) / rate + 0.5;
    put(view, ", ");
    put(view, left < 1e9 ? weir__figure_whole_seconds((uint64_t)left).text : "years");
    put(view, " left");
}

/* "3400 of 10000 done, 2 failed, 283/s, 24 s left" */
static void put_progress(struct weir__view *view, const weir_report *report, bool last) {
    double rate = rate_of(view, report, last);
    put(view, weir__figure_count(report->counts.done).text);
    if (view->total > 0) {
        put(view, " of ");
        put(view, weir__figure_count(view->total).text);
    }
    put(view, " done");
    put_counted(view, report->counts.failed, " failed");
    put_counted(view, report->counts.dead, " dead");
    put_counted(view, report->counts.dropped, " dropped");
    if (view->total == 0)
        put_counted(view, report->counts.live, " in flight");
    if (report->state == WEIR_RUN_CANCELLED)
        put(view, ", cancelled");
    if (report->paused)
        put(view, ", paused");
    put(view, ", ");
    put(view, weir__figure_rate(rate).text);
    if (!last)
        put_time_left(view, report, rate);
}

static void put_whole(struct weir__view *view, const weir_report *report, bool last) {
    begin_line(view);
    if (view->total > 0) {
        unsigned percent = percent_of(settled(&report->counts), view->total);
        put_bar(view, percent * TOTAL_BAR / 100, TOTAL_BAR);
        put_right(view, weir__figure_count(percent).text, 4);
        put(view, "%  ");
    } else {
        put(view, weir__figure_time(report->elapsed).text);
        put(view, ": ");
    }
    put_progress(view, report, last);
    end_line(view);
}

/* ---- the lines of the stages ---- */

static void put_threads(struct weir__view *view, const weir_stage_report *stage) {
    char text[64];
    snprintf(text, sizeof text, "%s/%s", weir__figure_count(stage->running).text,
             weir__figure_count(stage->threads).text);
    put_right(view, text, 6);
    put(view, " busy ");
}

/* Draws no bar for an unbounded queue, which is never full, nor for a source, which has no queue. */
static void put_queue(struct weir__view *view, const weir_stage_report *stage) {
    if (stage->capacity == 0 || stage->capacity == SIZE_MAX) {
        put_times(view, " ", QUEUE_BAR + 2);
    } else {
        size_t filled = percent_of(stage->depth, stage->capacity) * QUEUE_BAR / 100;
        put_bar(view, filled == 0 && stage->depth > 0 ? 1 : filled, QUEUE_BAR);
    }
    put_right(view, stage->capacity == 0 ? "" : weir__figure_count(stage->depth).text, 6);
    put(view, stage->capacity == 0 ? "       " : " queued");
}

/* The line's end gives the maximum number of threads of an elastic stage. */
static void put_most(struct weir__view *view, const weir_stage_report *stage) {
    if (!weir__report_is_elastic(stage))
        return;
    put(view, ", at most ");
    put(view, weir__figure_count(stage->max_threads).text);
    put(view, " threads");
}

static void put_stage(struct weir__view *view, const weir_report *report, size_t place, size_t name_width, bool last) {
    const weir_stage_report *stage = &report->stages[place];
    double rate = last ? stage->rate : recent_rate(view, &view->stages[place]);
    begin_line(view);
    put_left(view, stage->name, name_width);
    put_threads(view, stage);
    put_queue(view, stage);
    put_right(view, weir__figure_rate(rate).text, 9);
    put_right(view, weir__figure_count(stage->counts.done).text, 8);
    put(view, " done");
    put_counted(view, stage->counts.failed, " failed");
    put_counted(view, stage->counts.dead, " dead");
    put_most(view, stage);
    if (stage->paused)
        put(view, ", paused");
    end_line(view);
}

/* Returns how many stages fit, after the line of the whole and the line with the cursor. */
static size_t shown_stages(const struct weir__view *view, size_t count) {
    size_t most = view->rows > 2 ? view->rows - 2 : 0;
    if (view->rows == 0 || count <= most)
        return count;
    return most > 0 ? most - 1 : 0; /* one more line says how many are not shown */
}

static size_t put_stages(struct weir__view *view, const weir_report *report, bool last) {
    size_t count = report->stage_count < view->stage_count ? report->stage_count : view->stage_count;
    size_t shown = shown_stages(view, count), name_width = 0;
    for (size_t i = 0; i < shown; i++) {
        size_t width = weir__letter_count(report->stages[i].name);
        name_width = width > name_width ? width : name_width;
    }
    for (size_t i = 0; i < shown; i++)
        put_stage(view, report, i, name_width < NAME_WIDEST ? name_width : NAME_WIDEST, last);
    if (shown == count || view->rows <= 2)
        return shown;
    begin_line(view);
    put(view, "... and ");
    put(view, weir__figure_count(count - shown).text);
    put(view, " more stages");
    end_line(view);
    return shown + 1;
}

/* ---- frames ---- */

static void draw_on_terminal(struct weir__view *view, const weir_report *report, bool last) {
    char up[32];
    if (view->lines_drawn > 0) {
        snprintf(up, sizeof up, "\x1b[%uA\r", (unsigned)view->lines_drawn);
        put_control(view, up);
    }
    size_t lines = put_stages(view, report, last) + 1;
    put_whole(view, report, last);
    if (lines < view->lines_drawn) /* the terminal has become smaller */
        put_control(view, "\x1b[J");
    view->lines_drawn = lines;
}

static void draw_line(struct weir__view *view, const weir_report *report, bool last) {
    begin_line(view);
    put(view, weir__figure_time(report->elapsed).text);
    put(view, ": ");
    put_progress(view, report, last);
    put(view, "; bottleneck: ");
    put(view, weir__report_words(report).name);
    if (report->bottleneck != NULL)
        put(view, report->bottleneck->name);
    end_line(view);
}

void weir__view_draw(struct weir__view *view, const weir_report *report, bool last) {
    view->length = 0;
    follow_all(view, report);
    if (view->terminal)
        draw_on_terminal(view, report, last);
    else
        draw_line(view, report, last);
    int before = weir__uncancellable_begin();
    fwrite(view->frame, 1, view->length, view->stream);
    fflush(view->stream);
    weir__uncancellable_end(before);
}
