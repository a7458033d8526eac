/*
 * table.c - Implements the table format of a report, for people: items, time, and errors.
 *
 * Two tables have the same rows, because one would be too wide for a terminal; a third one has the operations. Each
 * cell is formatted twice: first for its width, then for printing.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "report/table.h"

#include "report/bottleneck.h"
#include "report/figure.h"
#include "report/letter.h"
#include "report/report.h"

#include <inttypes.h>
#include <string.h>

enum { MOST_COLUMNS = 12, MOST_LINES = 10 };

static weir__figure in(const weir_stage_report *stage) {
    return weir__figure_count(stage->counts.in);
}

static weir__figure done(const weir_stage_report *stage) {
    return weir__figure_count(stage->counts.done);
}

static weir__figure failed(const weir_stage_report *stage) {
    return weir__figure_count(stage->counts.failed);
}

static weir__figure dead(const weir_stage_report *stage) {
    return weir__figure_count(stage->counts.dead);
}

static weir__figure dropped(const weir_stage_report *stage) {
    return weir__figure_count(stage->counts.dropped);
}

static weir__figure live(const weir_stage_report *stage) {
    return weir__figure_count(stage->counts.live);
}

static weir__figure retried(const weir_stage_report *stage) {
    return weir__figure_count(stage->retried);
}

static weir__figure overdue(const weir_stage_report *stage) {
    return weir__figure_count(stage->overdue);
}

static weir__figure rate(const weir_stage_report *stage) {
    return weir__figure_rate(stage->rate);
}

static weir__figure threads(const weir_stage_report *stage) {
    weir__figure figure;
    snprintf(figure.text, sizeof figure.text, "%u/%u", (unsigned)stage->running, (unsigned)stage->threads);
    return figure;
}

/* A source has no queue. */
static weir__figure of_queue(const weir_stage_report *stage, size_t count) {
    return stage->capacity == 0 ? weir__figure_word("-") : weir__figure_count(count);
}

static weir__figure queued(const weir_stage_report *stage) {
    return of_queue(stage, stage->depth);
}

static weir__figure peak(const weir_stage_report *stage) {
    return of_queue(stage, stage->peak);
}

static weir__figure capacity(const weir_stage_report *stage) {
    return stage->capacity == SIZE_MAX ? weir__figure_word("unbounded") : of_queue(stage, stage->capacity);
}

static weir__figure busy(const weir_stage_report *stage) {
    return weir__figure_share(stage->busy, weir__report_time(stage));
}

static weir__figure starved(const weir_stage_report *stage) {
    return weir__figure_share(stage->starved, weir__report_time(stage));
}

static weir__figure blocked(const weir_stage_report *stage) {
    return weir__figure_share(stage->blocked, weir__report_time(stage));
}

static weir__figure of_calls(const weir_stage_report *stage, uint64_t nanoseconds) {
    return stage->timed_calls == 0 ? weir__figure_word("-") : weir__figure_time(nanoseconds);
}

static weir__figure p50(const weir_stage_report *stage) {
    return of_calls(stage, stage->p50);
}

static weir__figure p90(const weir_stage_report *stage) {
    return of_calls(stage, stage->p90);
}

static weir__figure p99(const weir_stage_report *stage) {
    return of_calls(stage, stage->p99);
}

static weir__figure max(const weir_stage_report *stage) {
    return of_calls(stage, stage->max);
}

static weir__figure of_operations(const weir_stage_report *stage, uint64_t count) {
    return stage->in_flight == 0 ? weir__figure_word("-") : weir__figure_count(count);
}

static weir__figure operations_now(const weir_stage_report *stage) {
    return of_operations(stage, stage->detached);
}

static weir__figure operations_peak(const weir_stage_report *stage) {
    return of_operations(stage, stage->detached_peak);
}

static weir__figure operations_limit(const weir_stage_report *stage) {
    return of_operations(stage, stage->in_flight);
}

static weir__figure operations_finished(const weir_stage_report *stage) {
    return of_operations(stage, stage->operations);
}

static weir__figure of_finished(const weir_stage_report *stage, uint64_t nanoseconds) {
    return stage->operations == 0 ? weir__figure_word("-") : weir__figure_time(nanoseconds);
}

static weir__figure operation_p50(const weir_stage_report *stage) {
    return of_finished(stage, stage->operation_p50);
}

static weir__figure operation_p90(const weir_stage_report *stage) {
    return of_finished(stage, stage->operation_p90);
}

static weir__figure operation_p99(const weir_stage_report *stage) {
    return of_finished(stage, stage->operation_p99);
}

static weir__figure operation_max(const weir_stage_report *stage) {
    return of_finished(stage, stage->operation_max);
}

struct column {
    const char *heading;
    weir__figure (*cell)(const weir_stage_report *stage);
};

static const struct column item_columns[] = {
    {"in", in},     {"done", done},       {"failed", failed},   {"dead", dead}, {"dropped", dropped},
    {"live", live}, {"retried", retried}, {"overdue", overdue}, {"rate", rate}, {NULL, NULL}};

static const struct column time_columns[] = {{"threads", threads},   {"queued", queued}, {"peak", peak},
                                             {"capacity", capacity}, {"busy", busy},     {"starved", starved},
                                             {"blocked", blocked},   {"p50", p50},       {"p90", p90},
                                             {"p99", p99},           {"max", max},       {NULL, NULL}};

static const struct column operation_columns[] = {{"operations", operations_now},
                                                  {"peak", operations_peak},
                                                  {"in_flight", operations_limit},
                                                  {"finished", operations_finished},
                                                  {"p50", operation_p50},
                                                  {"p90", operation_p90},
                                                  {"p99", operation_p99},
                                                  {"max", operation_max},
                                                  {NULL, NULL}};

/* One row for each stage, and a last one if `whole` is not NULL. */
struct table {
    const struct column *columns;
    const weir_stage_report *stages;
    size_t stage_count;
    const weir_stage_report *whole;
};

static const weir_stage_report *row_of(const struct table *table, size_t row) {
    if (row < table->stage_count)
        return &table->stages[row];
    return row == table->stage_count ? table->whole : NULL;
}

static size_t wider(size_t a, size_t b) {
    return a > b ? a : b;
}

static void print_name(weir__out *out, const char *name, size_t width) {
    weir__out_shown(out, name);
    weir__out_format(out, "%*s", (int)(width - weir__letter_count(name)), "");
}

static void print_rows(weir__out *out, const struct table *table) {
    const weir_stage_report *stage;
    size_t widths[MOST_COLUMNS], name_width = strlen("stage");
    for (size_t row = 0; (stage = row_of(table, row)) != NULL; row++)
        name_width = wider(name_width, weir__letter_count(stage->name));
    print_name(out, "stage", name_width);
    for (size_t i = 0; table->columns[i].heading != NULL; i++) {
        widths[i] = strlen(table->columns[i].heading);
        for (size_t row = 0; (stage = row_of(table, row)) != NULL; row++)
            widths[i] = wider(widths[i], strlen(table->columns[i].cell(stage).text));
        weir__out_format(out, "  %*s", (int)widths[i], table->columns[i].heading);
    }
    weir__out_format(out, "\n");
    for (size_t row = 0; (stage = row_of(table, row)) != NULL; row++) {
        print_name(out, stage->name, name_width);
        for (size_t i = 0; table->columns[i].heading != NULL; i++)
            weir__out_format(out, "  %*s", (int)widths[i], table->columns[i].cell(stage).text);
        weir__out_format(out, "\n");
    }
}

/* Prints what is wrong with the run, and the signal that began its end. */
static void print_ending(weir__out *out, const weir_report *report) {
    if (report->outcome == WEIR_FAILED || report->outcome == WEIR_INITFAILED)
        weir__out_format(out, ", failed");
    else if (report->outcome == WEIR_TIMEDOUT)
        weir__out_format(out, ", timed out");
    else if (report->outcome == WEIR_CANCELLED && report->state == WEIR_RUN_OVER)
        weir__out_format(out, ", cancelled");
    if (report->signal != 0)
        weir__out_format(out, ", by signal %d", report->signal);
}

static void print_headline(weir__out *out, const weir_report *report) {
    static const char *const states[] = {"ready", "running", "draining", "cancelled", "over"};
    size_t state = (size_t)report->state;
    weir__out_shown(out, report->name[0] == 0 ? "pipeline" : report->name);
    weir__out_format(out, ": %s", state < sizeof states / sizeof states[0] ? states[state] : "unknown");
    print_ending(out, report);
    weir__out_format(out, ", %s", weir__figure_time(report->elapsed).text);
    if (report->max_items > 0)
        weir__out_format(out, ", %" PRIu64 " of at most %" PRIu64 " items in flight", report->counts.live,
                         report->max_items);
    if (report->max_bytes > 0)
        weir__out_format(out, ", %s of at most %s", weir__figure_bytes(report->bytes).text,
                         weir__figure_bytes(report->max_bytes).text);
    else if (report->bytes > 0)
        weir__out_format(out, ", %s in flight", weir__figure_bytes(report->bytes).text);
    weir__out_format(out, "\n\n");
}

static void print_bottleneck(weir__out *out, const weir_report *report) {
    const weir__bottleneck_words words = weir__report_words(report);
    if (report->state == WEIR_RUN_READY)
        return;
    weir__out_format(out, "\nbottleneck: %s", words.name);
    if (report->bottleneck != NULL)
        weir__out_shown(out, report->bottleneck->name);
    weir__out_format(out, "%s", words.reason);
    if (words.has_share)
        weir__out_format(out, "%s of the time", weir__figure_part(report->bottleneck_share).text);
    weir__out_format(out, "\n");
}

/* Begins a line about a stage. The first one of its kind has an empty line before it. */
static void begin_line(weir__out *out, const char **before, const char *words, const weir_stage_report *stage) {
    weir__out_format(out, "%s%s", *before, words);
    weir__out_shown(out, stage->name);
    *before = "";
}

/* Prints the number of threads of each elastic stage, and why it has last changed. */
static void print_elastic(weir__out *out, const weir_report *report) {
    const char *before = "\n";
    for (size_t i = 0; i < report->stage_count; i++) {
        const weir_stage_report *stage = &report->stages[i];
        if (!weir__report_is_elastic(stage))
            continue;
        begin_line(out, &before, "elastic: ", stage);
        weir__out_format(out, ", %" PRIuMAX " of at most %" PRIuMAX " threads", (uintmax_t)stage->threads,
                         (uintmax_t)stage->max_threads);
        if (stage->change != WEIR_THREADS_STARTED)
            weir__out_format(out, " since %s: %s", weir__figure_time(stage->changed).text,
                             weir__report_cause(stage->change));
        weir__out_format(out, "\n");
    }
}

static void print_limits(weir__out *out, const weir_report *report) {
    const char *before = "\n";
    for (size_t i = 0; i < report->stage_count; i++) {
        const weir_stage_report *stage = &report->stages[i];
        if (!(stage->limit > 0))
            continue;
        begin_line(out, &before, "limit: ", stage);
        weir__out_format(out, ", at most %s\n", weir__figure_rate(stage->limit).text);
    }
}

static void print_waiting(weir__out *out, const weir_report *report) {
    const char *before = "\n";
    for (size_t i = 0; i < report->stage_count; i++) {
        const weir_stage_report *stage = &report->stages[i];
        if (stage->waiting == 0 && stage->backing_off == 0)
            continue;
        begin_line(out, &before, "waiting: ", stage);
        if (stage->waiting > 0)
            weir__out_format(out, ", %" PRIuMAX " behind earlier items", (uintmax_t)stage->waiting);
        if (stage->backing_off > 0)
            weir__out_format(out, ", %" PRIuMAX " for their next attempt", (uintmax_t)stage->backing_off);
        weir__out_format(out, "\n");
    }
}

static void print_blocking(weir__out *out, const weir_report *report) {
    const char *before = "\n";
    for (size_t i = 0; i < report->stage_count; i++) {
        if (!report->stages[i].blocks)
            continue;
        begin_line(out, &before, "stage ", &report->stages[i]);
        weir__out_format(out, " blocks; give it threads of its own\n");
    }
}

static void print_stalls(weir__out *out, const weir_report *report) {
    const char *before = "\n";
    for (size_t i = 0; i < report->stage_count; i++) {
        const weir_stage_report *stage = &report->stages[i];
        if (stage->stalls == 0)
            continue;
        begin_line(out, &before, "stalls: ", stage);
        weir__out_format(out, ", %" PRIu64 " of its thread, the longest for %s, ", stage->stalls,
                         weir__figure_time(stage->longest_stall).text);
        if (stage->stall_computes)
            weir__out_format(out, "in computing\n");
        else if (stage->stall_call < 0)
            weir__out_format(out, "asleep\n");
        else
            weir__out_format(out, "in system call %d\n", stage->stall_call);
    }
}

static void print_paused(weir__out *out, const weir_report *report) {
    const char *before = "\n";
    if (report->paused) {
        weir__out_format(out, "\nthe entrance is paused\n");
        before = "";
    }
    for (size_t i = 0; i < report->stage_count; i++) {
        if (!report->stages[i].paused)
            continue;
        begin_line(out, &before, "stage ", &report->stages[i]);
        weir__out_format(out, " is paused\n");
    }
}

/* Prints nothing if the function has told no code. */
static void print_code(weir__out *out, int code) {
    weir_status status = weir_code_status(code);
    if (status == WEIR_FAILED)
        return;
    if (status != WEIR_OK)
        weir__out_format(out, ": %s", weir_strerror(status));
    else
        weir__out_format(out, ": error %d", code);
}

static void print_error(weir__out *out, const weir_error *error) {
    weir__out_format(out, "  %safter %s, ", error->fatal ? "fatal, " : "", weir__figure_time(error->at).text);
    weir__out_shown(out, error->stage);
    print_code(out, error->code);
    weir__out_format(out, ", attempt %u%s", error->attempts, error->message[0] == 0 ? "" : ": ");
    weir__out_shown(out, error->message);
    weir__out_format(out, "\n");
}

static void print_errors(weir__out *out, const weir_report *report) {
    size_t shown = report->kept_errors < MOST_LINES ? report->kept_errors : MOST_LINES;
    if (report->error_count == 0)
        return;
    weir__out_format(out, "\n%" PRIu64 " error%s\n", report->error_count, report->error_count == 1 ? "" : "s");
    for (size_t i = 0; i < shown; i++)
        print_error(out, &report->errors[i]);
    if (report->error_count > shown && shown > 0)
        weir__out_format(out, "  ... and %" PRIu64 " more%s\n", report->error_count - shown,
                         report->latest_count > 0 ? "; the latest:" : "");
    for (size_t i = report->latest_count > MOST_LINES ? report->latest_count - MOST_LINES : 0; i < report->latest_count;
         i++)
        print_error(out, &report->latest[i]);
}

static void print_thread(weir__out *out, const weir_late_worker *worker) {
    weir__out_shown(out, worker->stage[0] == 0 ? "the pipeline" : worker->stage);
    if (worker->number != SIZE_MAX)
        weir__out_format(out, "-%" PRIuMAX, (uintmax_t)worker->number);
}

static void print_late(weir__out *out, const weir_report *report) {
    size_t shown = report->late_count < MOST_LINES ? report->late_count : MOST_LINES;
    if (report->late_count == 0)
        return;
    weir__out_format(out, "\n");
    for (size_t i = 0; i < shown; i++) {
        const weir_late_worker *worker = &report->late[i];
        weir__out_format(out, worker->stuck ? "stuck: " : "late: ");
        print_thread(out, worker);
        weir__out_format(out, ", %s for %s\n", weir__report_place(worker->where),
                         weir__figure_time(worker->since).text);
    }
    if (report->late_count > shown)
        weir__out_format(out, "... and %" PRIuMAX " more\n", (uintmax_t)(report->late_count - shown));
}

static bool has_operations(const weir_report *report) {
    for (size_t i = 0; i < report->stage_count; i++) {
        if (report->stages[i].in_flight != 0)
            return true;
    }
    return false;
}

void weir__print_table(weir__out *out, const weir_report *report) {
    weir_stage_report whole = {.name = "whole", .counts = report->counts, .retried = report->retried};
    for (size_t i = 0; i < report->stage_count; i++)
        whole.overdue += report->stages[i].overdue;
    if (report->elapsed > 0)
        whole.rate = (double)report->counts.done * 1e9 / (double)report->elapsed;
    struct table table = {
        .columns = item_columns, .stages = report->stages, .stage_count = report->stage_count, .whole = &whole};
    print_headline(out, report);
    print_rows(out, &table);
    if (report->stage_count > 0) {
        weir__out_format(out, "\n");
        table.columns = time_columns;
        table.whole = NULL;
        print_rows(out, &table);
    }
    if (has_operations(report)) {
        weir__out_format(out, "\n");
        table.columns = operation_columns;
        print_rows(out, &table);
    }
    print_bottleneck(out, report);
    print_elastic(out, report);
    print_blocking(out, report);
    print_limits(out, report);
    print_waiting(out, report);
    print_paused(out, report);
    print_stalls(out, report);
    print_errors(out, report);
    print_late(out, report);
}
