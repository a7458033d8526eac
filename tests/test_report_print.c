/*
 * test_report_print.c - the output formats of reports.
 *
 * Linked with the library's internals.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "support.h"

#include <ctype.h>
#include <limits.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "report/letter.h"
#include "report/report.h"

#define STRANGE WEIR__STRANGE_LETTER

/* ---- a sample report ---- */

static const weir_stage_report stages[] = {{.name = "download",
                                            .counts = {10000, 9000, 2, 1, 0, 997},
                                            .retried = 5,
                                            .overdue = 1,
                                            .threads = 8,
                                            .running = 3,
                                            .capacity = 64,
                                            .depth = 12,
                                            .peak = 64,
                                            .busy = 1200 * MILLISECONDS,
                                            .starved = 30 * MILLISECONDS,
                                            .blocked = 7 * SECONDS,
                                            .timed_calls = 9003,
                                            .p50 = 1234,
                                            .p90 = 56789,
                                            .p99 = 1234567,
                                            .max = UINT64_C(9876543210),
                                            .rate = 750.4,
                                            .in_flight = 500,
                                            .detached = 321,
                                            .detached_peak = 432,
                                            .operations = 8765,
                                            .operation_p50 = 101 * MILLISECONDS,
                                            .operation_p90 = 120 * MILLISECONDS,
                                            .operation_p99 = 150 * MILLISECONDS,
                                            .operation_max = 2 * SECONDS,
                                            .children = {11, 2, 3, 4, 5, 6}},
                                           {.name = "resize",
                                            .counts = {9000, 8000, 0, 0, 0, 1000},
                                            .threads = 2,
                                            .running = 2,
                                            .capacity = SIZE_MAX,
                                            .depth = 998,
                                            .peak = 1001,
                                            .busy = 19400 * MILLISECONDS,
                                            .starved = 100 * MILLISECONDS,
                                            .blocked = 500 * MILLISECONDS,
                                            .timed_calls = 8000,
                                            .p50 = 999,
                                            .p90 = 999499,
                                            .p99 = 999500,
                                            .max = 60 * SECONDS,
                                            .rate = 1234567},
                                           {.name = "list", .threads = 1}};
static const weir_edge edges[] = {{2, 0, false}, {0, 1, false}};
static const weir_error errors[] = {{"download", 404, "cannot fetch a.jpg", 3, 3200 * MILLISECONDS, false},
                                    {"resize", WEIR_CODE(WEIR_NOMEM), "", 1, 4200 * MILLISECONDS, false}};
static const weir_late_worker late[] = {{"download", 0, 7384 * SECONDS, false, WEIR_IN_FUNCTION},
                                        {"resize", 1, 3200 * MILLISECONDS, true, WEIR_IN_FUNCTION}};

static weir_report sample(void) {
    return (weir_report){.name = "photos",
                         .state = WEIR_RUN_DRAINING,
                         .elapsed = UINT64_C(12345678901),
                         .counts = {10000, 7990, 2, 1, 0, 2007},
                         .retried = 5,
                         .bytes = 12345678,
                         .max_bytes = 64000000,
                         .max_items = 4000,
                         .stage_count = COUNT_OF(stages),
                         .stages = stages,
                         .edge_count = COUNT_OF(edges),
                         .edges = edges,
                         .error_count = 14,
                         .kept_errors = COUNT_OF(errors),
                         .errors = errors,
                         .late_count = COUNT_OF(late),
                         .late = late,
                         .bottleneck_kind = WEIR_BOTTLENECK_STAGE,
                         .bottleneck = &stages[1],
                         .bottleneck_share = 0.97};
}

/* Returns a report with one stage; both have this name. */
static weir_report named(weir_stage_report *stage, const char *name) {
    *stage = (weir_stage_report){.name = name, .threads = 1, .capacity = 1};
    return (weir_report){.name = name, .stage_count = 1, .stages = stage};
}

/* Returns the printed text; the caller frees it. */
static char *printed(const weir_report *report, weir_report_format format) {
    char *text;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    ck_assert_ptr_nonnull(stream);
    assert_status(WEIR_OK, weir_report_print(report, format, stream));
    ck_assert_int_eq(fclose(stream), 0);
    return text;
}

static char *printed_many(const weir_report *const *reports, size_t count, weir_report_format format) {
    char *text;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    ck_assert_ptr_nonnull(stream);
    assert_status(WEIR_OK, weir_report_print_many(reports, count, format, stream));
    ck_assert_int_eq(fclose(stream), 0);
    return text;
}

static void assert_has(const char *text, const char *part) {
    ck_assert_msg(strstr(text, part) != NULL, "%s\nis not in\n%s", part, text);
}

static void assert_has_not(const char *text, const char *part) {
    ck_assert_msg(strstr(text, part) == NULL, "%s\nis in\n%s", part, text);
}

/* Prints the first difference: whole texts are too long for a message. */
static void assert_text(const char *got, const char *wanted) {
    size_t same = 0;
    while (got[same] != 0 && got[same] == wanted[same])
        same++;
    ck_assert_msg(got[same] == wanted[same], "at %zu: \"%.200s\" instead of \"%.200s\"", same, got + same,
                  wanted + same);
}

/* ---- a text in memory ---- */

struct text {
    char *bytes;
    size_t size;
};

static struct text text_of(const weir_report *report, weir_report_format format) {
    struct text text;
    assert_status(WEIR_OK, weir_report_text(report, format, &text.bytes, &text.size));
    return text;
}

static struct text text_of_many(const weir_report *const *reports, size_t count, weir_report_format format) {
    struct text text;
    assert_status(WEIR_OK, weir_report_text_many(reports, count, format, &text.bytes, &text.size));
    return text;
}

/* Frees both. */
static void assert_is_text(char *wanted, struct text text) {
    assert_text(text.bytes, wanted);
    ck_assert_uint_eq(text.size, strlen(wanted));
    free(text.bytes);
    free(wanted);
}

/* ---- any format ---- */

START_TEST (a_copy_prints_as_its_source) {
    weir_report source = sample();
    weir_report *copy = weir__report_copy(&source);
    for (int format = WEIR_TABLE; format <= WEIR_DOT; format++) {
        char *wanted = printed(&source, (weir_report_format)format);
        char *got = printed(copy, (weir_report_format)format);
        assert_text(got, wanted);
        free(got);
        free(wanted);
    }
    weir_report_free(copy);
}
END_TEST

/* The second report takes far more memory than the text begins with. */
START_TEST (a_text_is_what_is_printed) {
    enum { MANY = 300 };
    static weir_stage_report many[MANY];
    weir_report report = sample(), large = sample();
    const weir_report *const reports[] = {&report, &large, &report};
    for (size_t i = 0; i < MANY; i++)
        many[i] = stages[i % 2];
    large.stages = many;
    large.stage_count = MANY;
    for (int i = WEIR_TABLE; i <= WEIR_DOT; i++) {
        weir_report_format format = (weir_report_format)i;
        for (size_t j = 0; j < 2; j++)
            assert_is_text(printed(reports[j], format), text_of(reports[j], format));
        assert_is_text(printed_many(reports, COUNT_OF(reports), format),
                       text_of_many(reports, COUNT_OF(reports), format));
    }
}
END_TEST

START_TEST (a_text_of_no_reports_is_empty) {
    for (int format = WEIR_TABLE; format <= WEIR_DOT; format++)
        assert_is_text(strdup(""), text_of_many(NULL, 0, (weir_report_format)format));
}
END_TEST

START_TEST (a_text_without_a_place_a_report_or_a_format_is_invalid) {
    weir_report report = sample();
    const weir_report *const reports[] = {&report, NULL};
    char *const before = (char *)&report, *text = before;
    size_t size = 5;
    for (int i = WEIR_TABLE; i <= WEIR_DOT; i++) {
        weir_report_format format = (weir_report_format)i;
        assert_status(WEIR_INVALID, weir_report_text(NULL, format, &text, &size));
        assert_status(WEIR_INVALID, weir_report_text(&report, format, NULL, &size));
        assert_status(WEIR_INVALID, weir_report_text_many(reports, 2, format, &text, &size));
        assert_status(WEIR_INVALID, weir_report_text_many(NULL, 1, format, &text, &size));
        assert_status(WEIR_INVALID, weir_report_text_many(NULL, 0, format, NULL, &size));
    }
    assert_status(WEIR_INVALID, weir_report_text(&report, (weir_report_format)3, &text, &size));
    assert_status(WEIR_INVALID, weir_report_text(&report, (weir_report_format)-1, &text, NULL));
    assert_status(WEIR_INVALID, weir_report_text_many(NULL, 0, (weir_report_format)3, &text, &size));
    ck_assert_ptr_eq(text, before);
    ck_assert_uint_eq(size, 5);
    assert_status(WEIR_OK, weir_report_text(&report, WEIR_TABLE, &text, NULL));
    assert_is_text(printed(&report, WEIR_TABLE), (struct text){text, strlen(text)});
}
END_TEST

START_TEST (nothing_to_print_or_no_such_format_is_invalid) {
    weir_report report = sample();
    char *text;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    assert_status(WEIR_INVALID, weir_report_print(NULL, WEIR_TABLE, stream));
    assert_status(WEIR_INVALID, weir_report_print(&report, WEIR_TABLE, NULL));
    assert_status(WEIR_INVALID, weir_report_print(&report, (weir_report_format)3, stream));
    assert_status(WEIR_INVALID, weir_report_print(&report, (weir_report_format)1000, stream));
    fclose(stream);
    ck_assert_uint_eq(size, 0);
    free(text);
}
END_TEST

START_TEST (a_full_device_is_reported) {
    weir_report report = sample();
    FILE *full = fopen("/dev/full", "w");
    if (full == NULL)
        return;
    setvbuf(full, NULL, _i == 0 ? _IONBF : _IOFBF, 1 << 16); /* an error at the first byte, or only at the flush */
    for (int format = WEIR_TABLE; format <= WEIR_DOT; format++)
        assert_status(WEIR_CLOSED, weir_report_print(&report, (weir_report_format)format, full));
    fclose(full);
}
END_TEST

START_TEST (a_stream_that_failed_before_may_take_a_report) {
    weir_report report = sample();
    FILE *stream = fopen("/dev/null", "w");
    ck_assert_ptr_nonnull(stream);
    ck_assert_int_eq(fgetc(stream), EOF);
    ck_assert_int_ne(ferror(stream), 0);
    assert_status(WEIR_OK, weir_report_print(&report, WEIR_TABLE, stream));
    fclose(stream);
}
END_TEST

START_TEST (a_decimal_comma_changes_nothing) {
    static const char *const locales[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8", "de_DE", "fr_FR", "ru_RU.UTF-8"};
    weir_report report = sample();
    char *before[3];
    for (int format = WEIR_TABLE; format <= WEIR_DOT; format++)
        before[format] = printed(&report, (weir_report_format)format);
    for (size_t i = 0; i < COUNT_OF(locales); i++) {
        if (setlocale(LC_ALL, locales[i]) == NULL)
            continue;
        ck_assert_str_eq(localeconv()->decimal_point, ",");
        for (int format = WEIR_TABLE; format <= WEIR_DOT; format++) {
            char *text = printed(&report, (weir_report_format)format);
            assert_text(text, before[format]);
            free(text);
        }
    }
    setlocale(LC_ALL, "C");
    for (int format = WEIR_TABLE; format <= WEIR_DOT; format++)
        free(before[format]);
}
END_TEST

START_TEST (no_byte_is_printed_that_is_no_utf_8) {
    weir_stage_report stage;
    weir_report report = named(&stage, "a\x80\xC3");
    for (int format = WEIR_TABLE; format <= WEIR_DOT; format++) {
        char *text = printed(&report, (weir_report_format)format);
        assert_has(text, "a" STRANGE STRANGE);
        ck_assert_ptr_null(strchr(text, '\x80'));
        ck_assert_ptr_null(strchr(text, '\xC3'));
        free(text);
    }
}
END_TEST

/* ---- the table ---- */

START_TEST (the_table_says_where_the_items_are_and_where_the_time_goes) {
    weir_report report = sample();
    char *text = printed(&report, WEIR_TABLE);
    assert_text(
        text,
        "photos: draining, 12.3 s, 2007 of at most 4000 items in flight, 12.3 MB of at most 64.0 MB\n"
        "\n"
        "stage        in  done  failed  dead  dropped  live  retried  overdue     rate\n"
        "download  10000  9000       2     1        0   997        5        1    750/s\n"
        "resize     9000  8000       0     0        0  1000        0        0  1.2 M/s\n"
        "list          0     0       0     0        0     0        0        0      0/s\n"
        "whole     10000  7990       2     1        0  2007        5        1    647/s\n"
        "\n"
        "stage     threads  queued  peak   capacity  busy  starved  blocked     p50      p90     p99         max\n"
        "download      3/8      12    64         64   15%       0%      85%  1.2 us  56.8 us  1.2 ms       9.9 s\n"
        "resize        2/2     998  1001  unbounded   97%       1%       3%  999 ns   999 us  1.0 ms  1 min 00 s\n"
        "list          0/1       -     -          -     -        -        -       -        -       -           -\n"
        "\n"
        "stage     operations  peak  in_flight  finished     p50     p90     p99    max\n"
        "download         321   432        500      8765  101 ms  120 ms  150 ms  2.0 s\n"
        "resize             -     -          -         -       -       -       -      -\n"
        "list               -     -          -         -       -       -       -      -\n"
        "\n"
        "bottleneck: resize, its threads are busy 97% of the time\n"
        "\n"
        "14 errors\n"
        "  after 3.2 s, download: error 404, attempt 3: cannot fetch a.jpg\n"
        "  after 4.2 s, resize: out of memory, attempt 1\n"
        "  ... and 12 more\n"
        "\n"
        "late: download-0, in its function for 2 h 03 min\n"
        "stuck: resize-1, in its function for 3.2 s\n");
    free(text);
}
END_TEST

static const struct bottleneck {
    weir_bottleneck kind;
    bool of_stage;
    const char *line, *label;
} bottlenecks[] = {
    {WEIR_BOTTLENECK_NONE, false, "none, the pipeline is idle", "none"},
    {WEIR_BOTTLENECK_STAGE, true, "x, its threads are busy 91% of the time", "stage"},
    {WEIR_BOTTLENECK_CALLS, true, "x, its function waits in calls of weir 91% of the time", "calls"},
    {WEIR_BOTTLENECK_INPUT, true, "the input from x, its calls take 91% of the time", "input"},
    {WEIR_BOTTLENECK_INPUT, false, "the input, the first stage is starved 91% of the time", "input"},
    {WEIR_BOTTLENECK_RATE, true, "the rate limit of x, its threads wait for that 91% of the time", "rate"},
    {WEIR_BOTTLENECK_KEYS, true, "the key limit of x, items wait for that 91% of the time", "keys"},
    {WEIR_BOTTLENECK_RESULTS, true, "the results queue of x, its threads wait for room there 91% of the time",
     "results"},
    {WEIR_BOTTLENECK_LETTERS, true, "the dead-letter queue of x, its threads wait for room there 91% of the time",
     "letters"},
    {WEIR_BOTTLENECK_BYTES, false, "the memory budget (max_bytes), items wait for that 91% of the time", "bytes"},
    {WEIR_BOTTLENECK_ITEMS, false, "the limit of items in flight (max_items), items wait for that 91% of the time",
     "items"},
    {WEIR_BOTTLENECK_PAUSED, true, "the paused stage x, its threads wait for the resume 91% of the time", "paused"},
    {WEIR_BOTTLENECK_PAUSED, false, "the entrance, it was paused 91% of the time", "paused"},
    {WEIR_BOTTLENECK_OPERATIONS, true,
     "the operations (in_flight) of x, its threads wait for one to end 91% of the time", "operations"},
};

START_TEST (the_bottleneck_is_named_with_its_reason) {
    const struct bottleneck *bottleneck = &bottlenecks[_i];
    char line[200];
    weir_stage_report stage;
    weir_report report = named(&stage, "x");
    report.state = WEIR_RUN_RUNNING;
    report.bottleneck_kind = bottleneck->kind;
    report.bottleneck = bottleneck->of_stage ? &stage : NULL;
    report.bottleneck_share = 0.91;
    char *text = printed(&report, WEIR_TABLE);
    (void)snprintf(line, sizeof line, "\nbottleneck: %s\n", bottleneck->line);
    assert_has(text, line);
    free(text);
    text = printed(&report, WEIR_DOT);
    (void)snprintf(line, sizeof line, "\\nbottleneck: %.*s\";\n", (int)strcspn(bottleneck->line, ","),
                   bottleneck->line);
    assert_has(text, line);
    free(text);
    text = printed(&report, WEIR_PROMETHEUS);
    (void)snprintf(line, sizeof line, "weir_pipeline_bottleneck{pipeline=\"x\",kind=\"%s\"} 1\n", bottleneck->label);
    assert_has(text, line);
    (void)snprintf(line, sizeof line, "weir_stage_bottleneck{pipeline=\"x\",stage=\"x\"} %d\n", bottleneck->of_stage);
    assert_has(text, line);
    free(text);
}
END_TEST

static const struct elastic {
    weir_thread_change change;
    const char *line, *label;
} elastics[] = {
    {WEIR_THREADS_STARTED, "\nelastic: x, 8 of at most 64 threads\n", "start"},
    {WEIR_THREADS_GREW, "\nelastic: x, 8 of at most 64 threads since 1.2 s: grew, items waited\n", "grew"},
    {WEIR_THREADS_NO_GAIN, " threads since 1.2 s: shrank, more threads gave no gain\n", "no_gain"},
    {WEIR_THREADS_IDLE, " threads since 1.2 s: shrank, threads were idle\n", "idle"},
    {WEIR_THREADS_BLOCKED, " threads since 1.2 s: shrank, threads were blocked\n", "blocked"},
    {WEIR_THREADS_SET, " threads since 1.2 s: the limits were set anew\n", "set"},
};

static const struct stall {
    bool computes;
    int call;
    const char *end_of_line;
} stalls[] = {
    {true, -1, "in computing"},
    {false, -1, "asleep"},
    {false, 0, "in system call 0"},
    {false, 202, "in system call 202"},
};

START_TEST (stalls_are_printed_with_what_the_longest_did) {
    char line[100];
    weir_stage_report both[] = {{.name = "x", .stalls = 3, .longest_stall = 1234 * MILLISECONDS}, {.name = "y"}};
    weir_report report = {.name = "x", .stage_count = 2, .stages = both};
    both[0].stall_computes = stalls[_i].computes;
    both[0].stall_call = stalls[_i].call;
    char *text = printed(&report, WEIR_TABLE);
    snprintf(line, sizeof line, "\n\nstalls: x, 3 of its thread, the longest for 1.2 s, %s\n", stalls[_i].end_of_line);
    assert_has(text, line);
    assert_has_not(text, "stalls: y");
    free(text);
    both[1].stalls = 1;
    text = printed(&report, WEIR_TABLE);
    assert_has(text, "\nstalls: y, 1 of its thread, the longest for 0 ns, in system call 0\n");
    assert_has_not(text, "\n\nstalls: y"); /* one blank line before all of them */
    free(text);
    text = printed(&report, WEIR_PROMETHEUS);
    assert_has(text, "\nweir_stage_stalls_total{pipeline=\"x\",stage=\"x\"} 3\n");
    free(text);
}
END_TEST

START_TEST (items_that_wait_are_printed) {
    const weir_stage_report three[] = {
        {.name = "a", .waiting = 255, .backing_off = 2}, {.name = "b"}, {.name = "c", .waiting = 1}};
    weir_report report = {.name = "x", .stage_count = 3, .stages = three};
    char *text = printed(&report, WEIR_TABLE);
    assert_has(
        text,
        "\n\nwaiting: a, 255 behind earlier items, 2 for their next attempt\nwaiting: c, 1 behind earlier items\n");
    free(text);
    text = printed(&report, WEIR_PROMETHEUS);
    assert_has(text, "\nweir_stage_waiting{pipeline=\"x\",stage=\"a\"} 255\n");
    assert_has(text, "\nweir_stage_backing_off{pipeline=\"x\",stage=\"a\"} 2\n");
    free(text);
}
END_TEST

START_TEST (the_rate_limit_of_each_stage_is_printed) {
    const weir_stage_report three[] = {{.name = "a", .limit = 2.5e6}, {.name = "b"}, {.name = "c", .limit = 0.25}};
    weir_report report = {.name = "x", .stage_count = 3, .stages = three};
    char *text = printed(&report, WEIR_TABLE);
    assert_has(text, "\n\nlimit: a, at most 2.5 M/s\nlimit: c, at most 0.3/s\n");
    free(text);
    text = printed(&report, WEIR_PROMETHEUS);
    assert_has(text, "\nweir_stage_rate_limit{pipeline=\"x\",stage=\"a\"} 2500000.000000000\n");
    assert_has(text, "\nweir_stage_rate_limit{pipeline=\"x\",stage=\"b\"} +Inf\n");
    assert_has(text, "\nweir_stage_rate_limit{pipeline=\"x\",stage=\"c\"} 0.250000000\n");
    free(text);
}
END_TEST

START_TEST (a_stage_that_blocks_on_the_crew_is_printed_with_advice) {
    weir_stage_report stage;
    weir_report report = named(&stage, "x");
    stage.on_crew = true;
    stage.blocks = _i != 0;
    char *text = printed(&report, WEIR_TABLE);
    ck_assert_int_eq(strstr(text, "\nstage x blocks; give it threads of its own\n") != NULL, _i);
    free(text);
    text = printed(&report, WEIR_PROMETHEUS);
    assert_has(text, "\nweir_stage_on_crew{pipeline=\"x\",stage=\"x\"} 1\n");
    assert_has(text, _i ? "\nweir_stage_blocks{pipeline=\"x\",stage=\"x\"} 1\n"
                        : "\nweir_stage_blocks{pipeline=\"x\",stage=\"x\"} 0\n");
    free(text);
}
END_TEST

START_TEST (an_elastic_stage_is_printed_with_its_threads_and_why) {
    weir_stage_report stage;
    weir_report report = named(&stage, "x");
    char label[100];
    stage.threads = 8;
    stage.max_threads = 64;
    stage.change = elastics[_i].change;
    stage.changed = 1234 * MILLISECONDS;
    char *text = printed(&report, WEIR_TABLE);
    assert_has(text, elastics[_i].line);
    free(text);
    text = printed(&report, WEIR_DOT);
    assert_has(text, "\\n0/8 threads (at most 64), busy");
    free(text);
    text = printed(&report, WEIR_PROMETHEUS);
    assert_has(text, "\nweir_stage_threads{pipeline=\"x\",stage=\"x\"} 8\n");
    assert_has(text, "\nweir_stage_threads_max{pipeline=\"x\",stage=\"x\"} 64\n");
    snprintf(label, sizeof label, "\nweir_stage_threads_change{pipeline=\"x\",stage=\"x\",cause=\"%s\"} 1\n",
             elastics[_i].label);
    assert_has(text, label);
    free(text);
}
END_TEST

START_TEST (a_cause_that_there_is_not_is_unknown) {
    weir_stage_report stage;
    weir_report report = named(&stage, "x");
    stage.change = (weir_thread_change)9;
    char *text = printed(&report, WEIR_TABLE);
    assert_has(text, "since 0 ns: unknown\n");
    free(text);
}
END_TEST

START_TEST (the_table_of_an_empty_report_is_a_headline_and_zeros) {
    weir_report report = {.name = ""};
    char *text = printed(&report, WEIR_TABLE);
    assert_text(text, "pipeline: ready, 0 ns\n"
                      "\n"
                      "stage  in  done  failed  dead  dropped  live  retried  overdue  rate\n"
                      "whole   0     0       0     0        0     0        0        0   0/s\n");
    free(text);
}
END_TEST

START_TEST (the_table_and_the_page_name_the_state) {
    static const char *const states[] = {"ready", "running", "draining", "cancelled", "over"};
    weir_report report = {.name = "x", .state = (weir_run_state)_i};
    char table[64], page[64];
    snprintf(table, sizeof table, "x: %s, 0 ns\n", states[_i]);
    snprintf(page, sizeof page, "\nweir_pipeline_state{pipeline=\"x\",state=\"%s\"} 1\n", states[_i]);
    char *text = printed(&report, WEIR_TABLE);
    assert_has(text, table);
    free(text);
    text = printed(&report, WEIR_PROMETHEUS);
    assert_has(text, page);
    free(text);
}
END_TEST

static const struct ending {
    weir_status outcome;
    weir_run_state state;
    int signal;
    const char *headline;
} endings[] = {
    {WEIR_OK, WEIR_RUN_OVER, 15, "x: over, by signal 15, 0 ns\n"},
    {WEIR_TIMEDOUT, WEIR_RUN_OVER, 0, "x: over, timed out, 0 ns\n"},
    {WEIR_TIMEDOUT, WEIR_RUN_CANCELLED, 2, "x: cancelled, timed out, by signal 2, 0 ns\n"},
    {WEIR_FAILED, WEIR_RUN_OVER, 0, "x: over, failed, 0 ns\n"},
    {WEIR_INITFAILED, WEIR_RUN_READY, 0, "x: ready, failed, 0 ns\n"},
    {WEIR_CANCELLED, WEIR_RUN_CANCELLED, 0, "x: cancelled, 0 ns\n"},
    {WEIR_CANCELLED, WEIR_RUN_OVER, 0, "x: over, cancelled, 0 ns\n"},
};

START_TEST (the_table_says_how_the_run_has_ended) {
    weir_report report = {
        .name = "x", .outcome = endings[_i].outcome, .state = endings[_i].state, .signal = endings[_i].signal};
    char *text = printed(&report, WEIR_TABLE);
    assert_has(text, endings[_i].headline);
    free(text);
}
END_TEST

START_TEST (a_state_that_there_is_not_is_unknown) {
    weir_report report = {.name = "x", .state = (weir_run_state)9, .bottleneck_kind = (weir_bottleneck)99};
    char *text = printed(&report, WEIR_TABLE);
    assert_has(text, "x: unknown, 0 ns\n");
    assert_has(text, "\nbottleneck: unknown\n");
    free(text);
    text = printed(&report, WEIR_PROMETHEUS);
    assert_has(text, "state=\"over\"} 0\n");
    assert_has_not(text, "\"} 1\n");
    free(text);
}
END_TEST

START_TEST (bytes_in_flight_are_printed_without_a_limit) {
    weir_report report = {.name = "x", .bytes = 12300000};
    char *text = printed(&report, WEIR_TABLE);
    assert_has(text, "x: ready, 0 ns, 12.3 MB in flight\n");
    free(text);
}
END_TEST

START_TEST (the_error_that_ended_the_run_is_marked) {
    const weir_error both[] = {{.stage = "store", .code = 28, .message = "full", .attempts = 1, .at = 9, .fatal = true},
                               {.stage = "parse", .code = 1, .message = "", .attempts = 2, .at = 5}};
    weir_report report = {.name = "x", .error_count = 2, .kept_errors = 2, .errors = both};
    char *text = printed(&report, WEIR_TABLE);
    assert_has(text, "\n2 errors\n"
                     "  fatal, after 9 ns, store: error 28, attempt 1: full\n"
                     "  after 5 ns, parse: error 1, attempt 2\n");
    free(text);
}
END_TEST

START_TEST (a_late_thread_is_printed_with_its_place) {
    static const char *const places[] = {
        "in its function",     "in a drop function", "in its fini",     "in a callback",
        "writing to a stream", "ending its thread",  "in an operation", "somewhere"};
    for (size_t i = 0; i < COUNT_OF(places); i++) {
        char line[100];
        weir_late_worker worker = {"resize", i % 2 == 0 ? SIZE_MAX : 2, SECONDS, true, (weir_place)i};
        weir_report report = {.name = "x", .late_count = 1, .late = &worker};
        char *text = printed(&report, WEIR_TABLE);
        snprintf(line, sizeof line, "\nstuck: resize%s, %s for 1.0 s\n", i % 2 == 0 ? "" : "-2", places[i]);
        assert_has(text, line);
        free(text);
    }
    weir_late_worker helper = {"", SIZE_MAX, SECONDS, true, WEIR_IN_STREAM};
    weir_report report = {.name = "x", .late_count = 1, .late = &helper};
    char *text = printed(&report, WEIR_TABLE);
    assert_has(text, "\nstuck: the pipeline, writing to a stream for 1.0 s\n");
    free(text);
}
END_TEST

START_TEST (a_code_is_printed_as_a_sentence_if_it_is_of_weir) {
    static const struct {
        int code;
        const char *line;
    } codes[] = {
        {7, "  after 1.0 s, s: error 7, attempt 1: no\n"},
        {-1, "  after 1.0 s, s: error -1, attempt 1: no\n"},
        {-WEIR_NOMEM, "  after 1.0 s, s: error -6, attempt 1: no\n"},
        {INT_MIN, "  after 1.0 s, s: error -2147483648, attempt 1: no\n"},
        {INT_MAX, "  after 1.0 s, s: error 2147483647, attempt 1: no\n"},
        {WEIR_END, "  after 1.0 s, s: error -2003134975, attempt 1: no\n"},
        {WEIR_CODE(WEIR_OK), "  after 1.0 s, s: error -2003134720, attempt 1: no\n"},
        {WEIR_CODE(WEIR_CLOSED), "  after 1.0 s, s: the queue is closed, or the future has ended, attempt 1: no\n"},
        {WEIR_CODE(WEIR_CANCELLED), "  after 1.0 s, s: the pipeline or the future was cancelled, attempt 1: no\n"},
        {WEIR_CODE(WEIR_UNCERTAIN),
         "  after 1.0 s, s: the server has not answered, so the call may have had its effect, "
         "attempt 1: no\n"},
        {WEIR_CODE(WEIR_FAILED), "  after 1.0 s, s, attempt 1: no\n"}};
    for (size_t i = 0; i < COUNT_OF(codes); i++) {
        weir_error error = {.stage = "s", .code = codes[i].code, .message = "no", .attempts = 1, .at = SECONDS};
        weir_report report = {.name = "x", .error_count = 1, .kept_errors = 1, .errors = &error};
        char *text = printed(&report, WEIR_TABLE);
        assert_has(text, codes[i].line);
        free(text);
    }
}
END_TEST

START_TEST (errors_of_which_none_is_kept_are_a_number) {
    weir_report report = {.name = "x", .error_count = 5};
    char *text = printed(&report, WEIR_TABLE);
    assert_has(text, "\n5 errors\n");
    assert_has_not(text, "more");
    free(text);
}
END_TEST

START_TEST (of_many_errors_and_late_workers_ten_are_shown) {
    weir_error many[12];
    weir_late_worker workers[11];
    weir_report report = sample();
    for (size_t i = 0; i < COUNT_OF(many); i++)
        many[i] = (weir_error){"resize", 7, "no", 1, i * SECONDS, false};
    for (size_t i = 0; i < COUNT_OF(workers); i++)
        workers[i] = (weir_late_worker){"resize", i, SECONDS, true, WEIR_IN_FUNCTION};
    report.error_count = report.kept_errors = COUNT_OF(many);
    report.errors = many;
    report.late_count = COUNT_OF(workers);
    report.late = workers;
    char *text = printed(&report, WEIR_TABLE);
    assert_has(text, "  after 9.0 s, resize: error 7, attempt 1: no\n  ... and 2 more\n");
    assert_has(text, "stuck: resize-9, in its function for 1.0 s\n... and 1 more\n");
    report.error_count = 1000;
    report.latest_count = COUNT_OF(many); /* ten of them are shown: the last ones */
    report.latest = many;
    free(text);
    text = printed(&report, WEIR_TABLE);
    assert_has(text, "  ... and 990 more; the latest:\n  after 2.0 s, resize: error 7, attempt 1: no\n");
    assert_has(text, "  after 11.0 s, resize: error 7, attempt 1: no\n\n");
    report.latest_count = 0;
    report.error_count = report.kept_errors = 10;
    report.late_count = 0;
    free(text);
    text = printed(&report, WEIR_TABLE);
    assert_has_not(text, "more");
    report.error_count = report.kept_errors = 1;
    free(text);
    text = printed(&report, WEIR_TABLE);
    assert_has(text, "\n1 error\n");
    free(text);
}
END_TEST

START_TEST (letters_of_several_bytes_take_one_column_in_the_table) {
    weir_stage_report some[2] = {{.name = "gr\xC3\xB6\xC3\x9F\xE2\x82\xAC\xF0\x9F\x98\x80"}, {.name = "groesse"}};
    weir_report report = {.name = "", .stage_count = 2, .stages = some};
    char *text = printed(&report, WEIR_TABLE);
    assert_has(text, "\ngr\xC3\xB6\xC3\x9F\xE2\x82\xAC\xF0\x9F\x98\x80    0     0");
    assert_has(text, "\ngroesse   0     0");
    free(text);
}
END_TEST

START_TEST (no_name_takes_a_terminal_over) {
    weir_stage_report stage;
    weir_report report = named(&stage, "a\x1b[2J\n\tb\x7f\xC2\x9B\x80\xFF");
    char *text = printed(&report, WEIR_TABLE);
    assert_has(text, "a" STRANGE "[2J" STRANGE STRANGE "b" STRANGE STRANGE STRANGE STRANGE ": ready");
    for (const char *at = text; *at != 0; at++)
        ck_assert(*at == '\n' || !iscntrl((unsigned char)*at));
    free(text);
}
END_TEST

/* ---- Prometheus ---- */

START_TEST (the_page_has_a_sample_for_each_figure) {
    static const char *const lines[] = {
        "# TYPE weir_pipeline_items_total counter\n",
        "\nweir_pipeline_items_in_total{pipeline=\"photos\"} 10000\n",
        "\nweir_pipeline_items_total{pipeline=\"photos\",outcome=\"done\"} 7990\n",
        "\nweir_pipeline_items_total{pipeline=\"photos\",outcome=\"failed\"} 2\n",
        "\nweir_pipeline_items_total{pipeline=\"photos\",outcome=\"dead\"} 1\n",
        "\nweir_pipeline_items_total{pipeline=\"photos\",outcome=\"dropped\"} 0\n",
        "\nweir_pipeline_live{pipeline=\"photos\"} 2007\n",
        "\nweir_pipeline_max_items{pipeline=\"photos\"} 4000\n",
        "\nweir_pipeline_bytes{pipeline=\"photos\"} 12345678\n",
        "\nweir_pipeline_max_bytes{pipeline=\"photos\"} 64000000\n",
        "\nweir_pipeline_retries_total{pipeline=\"photos\"} 5\n",
        "\nweir_pipeline_errors_total{pipeline=\"photos\"} 14\n",
        "\nweir_pipeline_elapsed_seconds{pipeline=\"photos\"} 12.345678901\n",
        "\nweir_pipeline_late_workers{pipeline=\"photos\"} 2\n",
        "\nweir_pipeline_stuck_workers{pipeline=\"photos\"} 1\n",
        "\nweir_pipeline_state{pipeline=\"photos\",state=\"running\"} 0\n",
        "\nweir_pipeline_state{pipeline=\"photos\",state=\"draining\"} 1\n",
        "\nweir_stage_items_in_total{pipeline=\"photos\",stage=\"download\"} 10000\n",
        "\nweir_stage_items_total{pipeline=\"photos\",stage=\"download\",outcome=\"done\"} 9000\n",
        "\nweir_stage_items_total{pipeline=\"photos\",stage=\"download\",outcome=\"failed\"} 2\n",
        "\nweir_stage_items_total{pipeline=\"photos\",stage=\"download\",outcome=\"dead\"} 1\n",
        "\nweir_stage_items_total{pipeline=\"photos\",stage=\"download\",outcome=\"dropped\"} 0\n",
        "\nweir_stage_live{pipeline=\"photos\",stage=\"resize\"} 1000\n",
        "\nweir_stage_retries_total{pipeline=\"photos\",stage=\"download\"} 5\n",
        "\nweir_stage_overdue_total{pipeline=\"photos\",stage=\"download\"} 1\n",
        "\nweir_stage_threads{pipeline=\"photos\",stage=\"download\"} 8\n",
        "\nweir_stage_threads_running{pipeline=\"photos\",stage=\"download\"} 3\n",
        "\nweir_stage_operations{pipeline=\"photos\",stage=\"download\"} 321\n",
        "\nweir_stage_operations_peak{pipeline=\"photos\",stage=\"download\"} 432\n",
        "\nweir_stage_operations_max{pipeline=\"photos\",stage=\"download\"} 500\n",
        "\nweir_stage_children_started_total{pipeline=\"photos\",stage=\"download\"} 11\n",
        "\nweir_stage_children_ended_total{pipeline=\"photos\",stage=\"download\",cause=\"signal\"} 2\n",
        "\nweir_stage_children_ended_total{pipeline=\"photos\",stage=\"download\",cause=\"exit\"} 3\n",
        "\nweir_stage_children_ended_total{pipeline=\"photos\",stage=\"download\",cause=\"limit\"} 4\n",
        "\nweir_stage_children_ended_total{pipeline=\"photos\",stage=\"download\",cause=\"deadline\"} 5\n",
        "\nweir_stage_children_ended_total{pipeline=\"photos\",stage=\"download\",cause=\"replaced\"} 6\n",
        "\nweir_stage_operations_max{pipeline=\"photos\",stage=\"resize\"} 0\n",
        "\nweir_stage_queue_depth{pipeline=\"photos\",stage=\"download\"} 12\n",
        "\nweir_stage_queue_peak{pipeline=\"photos\",stage=\"resize\"} 1001\n",
        "\nweir_stage_queue_capacity{pipeline=\"photos\",stage=\"download\"} 64\n",
        "\nweir_stage_queue_capacity{pipeline=\"photos\",stage=\"resize\"} +Inf\n",
        "\nweir_stage_queue_capacity{pipeline=\"photos\",stage=\"list\"} 0\n",
        "\nweir_stage_thread_seconds_total{pipeline=\"photos\",stage=\"download\",state=\"busy\"} 1.200000000\n",
        "\nweir_stage_thread_seconds_total{pipeline=\"photos\",stage=\"download\",state=\"starved\"} 0.030000000\n",
        "\nweir_stage_thread_seconds_total{pipeline=\"photos\",stage=\"download\",state=\"blocked\"} 7.000000000\n",
        "# TYPE weir_stage_call_seconds summary\n",
        "\nweir_stage_call_seconds{pipeline=\"photos\",stage=\"download\",quantile=\"0.5\"} 0.000001234\n",
        "\nweir_stage_call_seconds{pipeline=\"photos\",stage=\"download\",quantile=\"0.9\"} 0.000056789\n",
        "\nweir_stage_call_seconds{pipeline=\"photos\",stage=\"download\",quantile=\"0.99\"} 0.001234567\n",
        "\nweir_stage_call_seconds{pipeline=\"photos\",stage=\"download\",quantile=\"1\"} 9.876543210\n",
        "\nweir_stage_call_seconds_count{pipeline=\"photos\",stage=\"download\"} 9003\n",
        "\nweir_stage_call_seconds{pipeline=\"photos\",stage=\"list\",quantile=\"0.5\"} NaN\n",
        "# TYPE weir_stage_operation_seconds summary\n",
        "\nweir_stage_operation_seconds{pipeline=\"photos\",stage=\"download\",quantile=\"0.5\"} 0.101000000\n",
        "\nweir_stage_operation_seconds{pipeline=\"photos\",stage=\"download\",quantile=\"1\"} 2.000000000\n",
        "\nweir_stage_operation_seconds_count{pipeline=\"photos\",stage=\"download\"} 8765\n",
        "\nweir_stage_operation_seconds{pipeline=\"photos\",stage=\"resize\",quantile=\"0.5\"} NaN\n",
    };
    weir_report report = sample();
    char *text = printed(&report, WEIR_PROMETHEUS);
    for (size_t i = 0; i < COUNT_OF(lines); i++)
        assert_has(text, lines[i]);
    free(text);
}
END_TEST

/* Checks a sample, "weir_name{label="value",...} number", against the last TYPE line. */
static void assert_sample(const char *line, const char *type) {
    const char *at = line + strlen(type);
    ck_assert_msg(strncmp(line, type, strlen(type)) == 0, "%s is not of %s", line, type);
    at += strncmp(at, "_count{", 7) == 0 ? 6 : 0;
    ck_assert_msg(*at == '{', "%s", line);
    do {
        at += 1 + strspn(at + 1, "abcdefghijklmnopqrstuvwxyz");
        ck_assert_msg(strncmp(at, "=\"", 2) == 0, "%s", line);
        for (at += 2; *at != '"'; at++) {
            ck_assert_msg(*at != 0, "%s", line);
            if (*at == '\\')
                ck_assert_msg(strchr("\\n\"", *++at) != NULL, "%s", line);
        }
        at++;
    } while (*at == ',');
    ck_assert_msg(strncmp(at, "} ", 2) == 0, "%s", line);
    at += 2;
    if (strcmp(at, "+Inf") != 0 && strcmp(at, "NaN") != 0)
        ck_assert_msg(*at != 0 && strspn(at, "0123456789.") == strlen(at), "%s", line);
}

START_TEST (every_line_of_the_page_is_a_comment_or_a_sample_of_the_metric_above) {
    weir_stage_report stage;
    weir_report report = _i == 0 ? sample() : named(&stage, "a \"quoted\\\" name},\n{");
    char *text = printed(&report, WEIR_PROMETHEUS), *rest = text, types[4096] = "", type[128] = "";
    size_t samples = 0;
    for (char *end; (end = strchr(rest, '\n')) != NULL; rest = end + 1) {
        *end = 0;
        if (strncmp(rest, "# TYPE ", 7) == 0) {
            char kind[16];
            ck_assert_int_eq(sscanf(rest, "# TYPE %127[a-z_] %15s", type, kind), 2);
            bool total = strstr(type, "_total") != NULL;
            ck_assert_msg(strcmp(kind, total ? "counter" : "gauge") == 0 || strcmp(kind, "summary") == 0, "%s", rest);
            size_t length = strlen(types);
            snprintf(types + length, sizeof types - length, "<%s>", type);
        } else if (strncmp(rest, "# HELP ", 7) == 0) {
            char once[130], name[128];
            ck_assert_int_eq(sscanf(rest, "# HELP %127[a-z_]", name), 1);
            snprintf(once, sizeof once, "<%s>", name);
            assert_has_not(types, once); /* all samples of a metric are adjacent */
        } else {
            assert_sample(rest, type);
            samples++;
        }
    }
    ck_assert_int_eq(*rest, 0);
    ck_assert_uint_ge(samples, 30);
    free(text);
}
END_TEST

START_TEST (the_page_escapes_backslash_quote_and_line_end) {
    weir_stage_report stage;
    weir_report report = named(&stage, "a\\b\"c\nd\te{}");
    char *text = printed(&report, WEIR_PROMETHEUS);
    assert_has(text, "weir_stage_threads{pipeline=\"a\\\\b\\\"c\\nd\te{}\",stage=\"a\\\\b\\\"c\\nd\te{}\"} 1\n");
    free(text);
}
END_TEST

START_TEST (what_has_no_limit_is_infinite_on_the_page) {
    weir_stage_report stage;
    weir_report report = named(&stage, "x");
    char *text = printed(&report, WEIR_PROMETHEUS);
    assert_has(text, "\nweir_pipeline_max_items{pipeline=\"x\"} +Inf\n");
    assert_has(text, "\nweir_pipeline_max_bytes{pipeline=\"x\"} +Inf\n");
    free(text);
}
END_TEST

/* ---- DOT ---- */

START_TEST (the_graph_has_the_stages_their_queues_and_the_bottleneck) {
    weir_report report = sample();
    char *text = printed(&report, WEIR_DOT);
    assert_text(text, "digraph weir {\n"
                      "    rankdir=LR;\n"
                      "    label=\"photos\\nbottleneck: resize\";\n"
                      "    node [shape=box, style=filled, fillcolor=white];\n"
                      "    s0 [label=\"download\\n3/8 threads, busy 15%\\n9000 of 10000 done, 750/s\\n"
                      "2 failed, 1 dead, 0 dropped\\np50 1.2 us, p99 1.2 ms\"];\n"
                      "    s1 [label=\"resize\\n2/2 threads, busy 97%\\n8000 of 9000 done, 1.2 M/s\\n"
                      "0 failed, 0 dead, 0 dropped\\np50 999 ns, p99 1.0 ms\""
                      ", fillcolor=\"#ffcc99\", penwidth=2];\n"
                      "    s2 [label=\"list\\n0/1 threads, busy -\\n0 of 0 done, 0/s\\n"
                      "0 failed, 0 dead, 0 dropped\"];\n"
                      "    s2 -> s0 [label=\"12/64 queued\"];\n"
                      "    s0 -> s1 [label=\"998 queued\"];\n"
                      "}\n");
    free(text);
}
END_TEST

START_TEST (the_graph_shows_where_items_are_put_from_outside) {
    weir_stage_report stage;
    weir_report report = named(&stage, "x");
    char *text = printed(&report, WEIR_DOT);
    assert_has(text, "    in0 [shape=point];\n    in0 -> s0 [label=\"0/1 queued\"];\n");
    free(text);
    weir_stage_report two[2] = {stage, stage};
    report.stage_count = 2;
    report.stages = two;
    report.edge_count = 1;
    report.edges = &(weir_edge){0, 1, false};
    text = printed(&report, WEIR_DOT);
    assert_has(text, "in0 -> s0");
    assert_has_not(text, "in1");
    free(text);
}
END_TEST

START_TEST (the_graph_escapes_what_means_something_there) {
    weir_stage_report stage;
    weir_report report = named(&stage, "a\\N\"b&amp;\nc\td\\");
    char *text = printed(&report, WEIR_DOT);
    assert_has(text, "label=\"a\\\\N\\\"b&amp;amp;\\nc" STRANGE "d\\\\\";\n");
    assert_has(text, "[label=\"a\\\\N\\\"b&amp;amp;\\nc" STRANGE "d\\\\\\n0/1 threads");
    free(text);
}
END_TEST

/* ---- several reports ---- */

static size_t count_of(const char *text, const char *part) {
    size_t count = 0;
    while ((text = strstr(text, part)) != NULL) {
        count++;
        text++;
    }
    return count;
}

/* Checks that each sample is in the group of its metric: after its comments, and before the next metric's. */
static void assert_is_page(const char *page) {
    char metric[100] = "";
    for (const char *line = page; *line != 0; line = strchr(line, '\n') + 1) {
        bool names = sscanf(line, "# TYPE %99s", metric) == 1;
        if (!names && line[0] != '#')
            ck_assert_msg(strncmp(line, metric, strlen(metric)) == 0, "%.80s is not of %s", line, metric);
    }
}

/* Checks that no comment and no sample occurs twice. */
static void assert_lines_differ(const char *page) {
    for (const char *line = page; *line != 0; line = strchr(line, '\n') + 1) {
        char comment[300];
        size_t size = strcspn(line, "\n") + 1;
        ck_assert_uint_lt(size, sizeof comment);
        memcpy(comment, line, size);
        comment[size] = 0;
        ck_assert_msg(count_of(page, comment) == 1, "%s comes twice", comment);
    }
}

/* Checks the page with Prometheus' promtool, if it is installed. */
static void assert_promtool_takes(const char *page) {
    if (system("command -v promtool >/dev/null 2>&1") != 0) {
        puts("there is no promtool: its part is left out");
        return;
    }
    FILE *promtool = popen("promtool check metrics", "w");
    ck_assert_ptr_nonnull(promtool);
    ck_assert_int_ge(fputs(page, promtool), 0);
    ck_assert_int_eq(pclose(promtool), 0);
}

START_TEST (several_reports_are_one_page_for_prometheus) {
    weir_stage_report stage[3];
    weir_report whole = sample();
    weir_report strange = named(&stage[0], "q\"\\\n\xff\x01\xc3\xa9"), first = named(&stage[1], "twin"),
                second = named(&stage[2], "twin"), empty = {.name = ""};
    const weir_report *const reports[] = {&whole, &strange, &first, &second, &empty};
    char *page = printed_many(reports, COUNT_OF(reports), WEIR_PROMETHEUS);
    assert_is_page(page);
    assert_lines_differ(page);
    ck_assert_uint_eq(count_of(page, "# HELP weir_pipeline_items_in_total "), 1);
    assert_has(page, "weir_pipeline_items_in_total{pipeline=\"photos\"} 10000\n");
    assert_has(page, "weir_pipeline_items_in_total{pipeline=\"q\\\"\\\\\\n\xEF\xBF\xBD\x01\xc3\xa9\"} 0\n");
    assert_has(page, "weir_pipeline_items_in_total{pipeline=\"twin\"} 0\n"
                     "weir_pipeline_items_in_total{pipeline=\"twin\",number=\"2\"} 0\n");
    assert_has(page, "weir_stage_threads{pipeline=\"twin\",number=\"2\",stage=\"twin\"} 1\n");
    assert_promtool_takes(page);
    free(page);
}
END_TEST

/* Both names have the hash 0x4eac0c95540867e4. They are not the same pipeline. */
START_TEST (names_of_one_hash_are_not_numbered) {
    weir_stage_report stage[3];
    weir_report first = named(&stage[0], "8yn0iYCKYHlIj4-BwPqk"), other = named(&stage[1], "GReLUrM4wMqfg9yzV3KQ"),
                twin = named(&stage[2], "GReLUrM4wMqfg9yzV3KQ");
    const weir_report *const reports[] = {&first, &other, &twin};
    char *page = printed_many(reports, COUNT_OF(reports), WEIR_PROMETHEUS);
    assert_lines_differ(page);
    assert_has(page, "weir_pipeline_items_in_total{pipeline=\"8yn0iYCKYHlIj4-BwPqk\"} 0\n");
    assert_has(page, "weir_pipeline_items_in_total{pipeline=\"GReLUrM4wMqfg9yzV3KQ\"} 0\n"
                     "weir_pipeline_items_in_total{pipeline=\"GReLUrM4wMqfg9yzV3KQ\",number=\"2\"} 0\n");
    free(page);
}
END_TEST

/* Invalid UTF-8 is replaced, so that distinct names may become equal. */
START_TEST (names_that_are_equal_on_the_page_are_distinguished) {
    weir_report a = {.name = "\xff"}, b = {.name = "\xfe"}, c = {.name = "\xfex"}, d = {.name = "\xEF\xBF\xBD"};
    const weir_report *const reports[] = {&a, &b, &c, &d};
    char *page = printed_many(reports, COUNT_OF(reports), WEIR_PROMETHEUS);
    assert_lines_differ(page);
    assert_has(page, "weir_pipeline_live{pipeline=\"\xEF\xBF\xBD\",number=\"3\"} 0\n");
    assert_has(page, "weir_pipeline_live{pipeline=\"\xEF\xBF\xBDx\"} 0\n");
    assert_promtool_takes(page);
    free(page);
}
END_TEST

START_TEST (several_reports_stand_one_after_the_other_elsewhere) {
    weir_report report = sample();
    const weir_report *const reports[] = {&report, &report};
    weir_report_format format = _i == 0 ? WEIR_TABLE : WEIR_DOT;
    char *one = printed(&report, format), *both = printed_many(reports, 2, format);
    size_t size = strlen(one);
    ck_assert_uint_eq(strlen(both), 2 * size + 1);
    ck_assert(strncmp(both, one, size) == 0 && both[size] == '\n' && strcmp(both + size + 1, one) == 0);
    free(one);
    free(both);
}
END_TEST

START_TEST (several_that_are_not_there_are_invalid_and_none_is_nothing) {
    weir_report report = sample();
    const weir_report *const reports[] = {&report, NULL};
    char *text;
    size_t size;
    FILE *stream = open_memstream(&text, &size);
    for (int format = WEIR_TABLE; format <= WEIR_DOT; format++) {
        assert_status(WEIR_INVALID, weir_report_print_many(reports, 2, (weir_report_format)format, stream));
        assert_status(WEIR_INVALID, weir_report_print_many(NULL, 1, (weir_report_format)format, stream));
        assert_status(WEIR_INVALID, weir_report_print_many(reports, 1, (weir_report_format)format, NULL));
    }
    assert_status(WEIR_INVALID, weir_report_print_many(NULL, 0, (weir_report_format)3, stream));
    assert_status(WEIR_OK, weir_report_print_many(NULL, 0, WEIR_TABLE, stream));
    assert_status(WEIR_OK, weir_report_print_many(NULL, 0, WEIR_DOT, stream));
    assert_status(WEIR_OK, weir_report_print_many(NULL, 0, WEIR_PROMETHEUS, stream));
    fclose(stream);
    ck_assert_uint_eq(size, 0);
    free(text);
}
END_TEST

static Suite *print_suite(void) {
    Suite *suite = suite_create("report print");
    TCase *any = add_case(suite, "any format");
    tcase_add_test(any, a_copy_prints_as_its_source);
    tcase_add_test(any, a_text_is_what_is_printed);
    tcase_add_test(any, a_text_of_no_reports_is_empty);
    tcase_add_test(any, a_text_without_a_place_a_report_or_a_format_is_invalid);
    tcase_add_test(any, nothing_to_print_or_no_such_format_is_invalid);
    tcase_add_loop_test(any, a_full_device_is_reported, 0, 2);
    tcase_add_test(any, a_stream_that_failed_before_may_take_a_report);
    tcase_add_test(any, a_decimal_comma_changes_nothing);
    tcase_add_test(any, no_byte_is_printed_that_is_no_utf_8);
    TCase *table = add_case(suite, "table");
    tcase_add_loop_test(table, the_bottleneck_is_named_with_its_reason, 0, (int)COUNT_OF(bottlenecks));
    tcase_add_test(table, the_table_says_where_the_items_are_and_where_the_time_goes);
    tcase_add_loop_test(table, a_stage_that_blocks_on_the_crew_is_printed_with_advice, 0, 2);
    tcase_add_loop_test(table, stalls_are_printed_with_what_the_longest_did, 0, (int)COUNT_OF(stalls));
    tcase_add_test(table, items_that_wait_are_printed);
    tcase_add_test(table, the_rate_limit_of_each_stage_is_printed);
    tcase_add_loop_test(table, an_elastic_stage_is_printed_with_its_threads_and_why, 0, (int)COUNT_OF(elastics));
    tcase_add_test(table, a_cause_that_there_is_not_is_unknown);
    tcase_add_test(table, the_table_of_an_empty_report_is_a_headline_and_zeros);
    tcase_add_loop_test(table, the_table_and_the_page_name_the_state, WEIR_RUN_READY, WEIR_RUN_OVER + 1);
    tcase_add_loop_test(table, the_table_says_how_the_run_has_ended, 0, COUNT_OF(endings));
    tcase_add_test(table, a_state_that_there_is_not_is_unknown);
    tcase_add_test(table, bytes_in_flight_are_printed_without_a_limit);
    tcase_add_test(table, the_error_that_ended_the_run_is_marked);
    tcase_add_test(table, a_late_thread_is_printed_with_its_place);
    tcase_add_test(table, a_code_is_printed_as_a_sentence_if_it_is_of_weir);
    tcase_add_test(table, errors_of_which_none_is_kept_are_a_number);
    tcase_add_test(table, of_many_errors_and_late_workers_ten_are_shown);
    tcase_add_test(table, letters_of_several_bytes_take_one_column_in_the_table);
    tcase_add_test(table, no_name_takes_a_terminal_over);
    TCase *page = add_case(suite, "Prometheus");
    tcase_add_test(page, the_page_has_a_sample_for_each_figure);
    tcase_add_loop_test(page, every_line_of_the_page_is_a_comment_or_a_sample_of_the_metric_above, 0, 2);
    tcase_add_test(page, the_page_escapes_backslash_quote_and_line_end);
    tcase_add_test(page, what_has_no_limit_is_infinite_on_the_page);
    TCase *graph = add_case(suite, "DOT");
    tcase_add_test(graph, the_graph_has_the_stages_their_queues_and_the_bottleneck);
    tcase_add_test(graph, the_graph_shows_where_items_are_put_from_outside);
    tcase_add_test(graph, the_graph_escapes_what_means_something_there);
    TCase *several = tcase_create("several");
    suite_add_tcase(suite, several);
    tcase_add_test(several, several_reports_are_one_page_for_prometheus);
    tcase_add_test(several, names_of_one_hash_are_not_numbered);
    tcase_add_test(several, names_that_are_equal_on_the_page_are_distinguished);
    tcase_add_loop_test(several, several_reports_stand_one_after_the_other_elsewhere, 0, 2);
    tcase_add_test(several, several_that_are_not_there_are_invalid_and_none_is_nothing);
    return suite;
}

int main(void) {
    return run_suite(print_suite());
}
