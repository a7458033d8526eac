/*
 * test_report_view.c - the frames of the live view.
 *
 * Linked with the library's internals, ledger.c, and --wrap for aligned_alloc and free.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ledger.h"
#include "report/letter.h"
#include "report/view.h"

enum { STAGES = 3 };

/* A view that draws into memory, and its report, which the tests change. */
struct fixture {
    struct weir__view view;
    char *text; /* of the last frame */
    size_t size;
    weir_stage_report stages[STAGES];
    weir_report report;
};

static struct fixture *fixture_new(bool terminal, unsigned columns, uint64_t total) {
    struct fixture *fixture = calloc(1, sizeof *fixture);
    ck_assert_ptr_nonnull(fixture);
    fixture->stages[0] = (weir_stage_report){.name = "list", .threads = 1, .running = 1};
    fixture->stages[1] = (weir_stage_report){.name = "resize",
                                             .threads = 8,
                                             .running = 3,
                                             .capacity = 64,
                                             .depth = 32,
                                             .counts.failed = 1,
                                             .counts.dead = 1};
    fixture->stages[2] = (weir_stage_report){.name = "upload", .threads = 16, .capacity = SIZE_MAX, .depth = 1234};
    fixture->report = (weir_report){.name = "photos",
                                    .state = WEIR_RUN_RUNNING,
                                    .stage_count = STAGES,
                                    .stages = fixture->stages,
                                    .bottleneck_kind = WEIR_BOTTLENECK_STAGE,
                                    .bottleneck = &fixture->stages[1]};
    fixture->view = (struct weir__view){.terminal = terminal, .columns = columns, .total = total};
    ck_assert(weir__view_begin(&fixture->view, STAGES));
    return fixture;
}

static void fixture_free(struct fixture *fixture) {
    weir__view_end(&fixture->view);
    free(fixture->text);
    free(fixture);
}

/* Returns the output of one frame; the fixture frees it. */
static const char *drawn(struct fixture *fixture, bool last) {
    free(fixture->text);
    fixture->view.stream = open_memstream(&fixture->text, &fixture->size);
    ck_assert_ptr_nonnull(fixture->view.stream);
    weir__view_draw(&fixture->view, &fixture->report, last);
    ck_assert_int_eq(fclose(fixture->view.stream), 0);
    return fixture->text;
}

static void at(struct fixture *fixture, uint64_t elapsed, uint64_t done) {
    fixture->report.elapsed = elapsed;
    fixture->report.counts.done = done;
}

static void assert_has(const char *text, const char *part) {
    ck_assert_msg(strstr(text, part) != NULL, "%s\nis not in\n%s", part, text);
}

static void assert_has_not(const char *text, const char *part) {
    ck_assert_msg(strstr(text, part) == NULL, "%s\nis in\n%s", part, text);
}

/* Checks that each line fits and is cleared to its end; returns the number of lines. `frame` begins with a line. */
static size_t count_lines(const char *frame, size_t columns) {
    static const char line_end[] = "\x1b[K\n";
    char line[4096];
    size_t lines = 0;
    for (const char *end; (end = strchr(frame, '\n')) != NULL; frame = end + 1, lines++) {
        size_t size = (size_t)(end + 1 - frame), text_size = size - strlen(line_end);
        ck_assert_uint_ge(size, strlen(line_end));
        ck_assert_uint_lt(size, sizeof line);
        ck_assert_mem_eq(frame + text_size, line_end, strlen(line_end));
        memcpy(line, frame, text_size);
        line[text_size] = 0;
        ck_assert_ptr_null(strchr(line, '\x1b'));
        ck_assert_ptr_null(strstr(line, WEIR__STRANGE_LETTER)); /* no character is cut */
        ck_assert_uint_lt(weir__letter_count(line), columns);
    }
    ck_assert(*frame == 0 || strcmp(frame, "\x1b[J") == 0);
    return lines;
}

/* ---- without a terminal ---- */

START_TEST (elsewhere_a_frame_is_one_plain_line) {
    struct fixture *fixture = fixture_new(false, 10, 10000);
    fixture->report.counts.failed = 1;
    fixture->report.counts.dead = 1;
    at(fixture, 12 * SECONDS, 3398);
    ck_assert_str_eq(drawn(fixture, false),
                     "12.0 s: 3398 of 10000 done, 1 failed, 1 dead, 283/s, 23 s left; bottleneck: resize\n");
    fixture->report.bottleneck_kind = WEIR_BOTTLENECK_RATE;
    ck_assert_str_eq(
        drawn(fixture, false),
        "12.0 s: 3398 of 10000 done, 1 failed, 1 dead, 283/s, 23 s left; bottleneck: the rate limit of resize\n");
    fixture->report.bottleneck_kind = WEIR_BOTTLENECK_NONE;
    fixture->report.bottleneck = NULL;
    ck_assert_str_eq(drawn(fixture, false),
                     "12.0 s: 3398 of 10000 done, 1 failed, 1 dead, 283/s, 23 s left; bottleneck: none\n");
    fixture_free(fixture);
}
END_TEST

START_TEST (without_a_total_there_is_no_time_left) {
    struct fixture *fixture = fixture_new(false, 0, 0);
    fixture->report.counts.live = 12;
    at(fixture, 10 * SECONDS, 50);
    ck_assert_str_eq(drawn(fixture, false), "10.0 s: 50 done, 12 in flight, 5.0/s; bottleneck: resize\n");
    fixture_free(fixture);
}
END_TEST

START_TEST (nothing_done_at_no_time_is_no_rate) {
    struct fixture *fixture = fixture_new(_i == 1, 0, 100);
    for (int last = 0; last < 2; last++) {
        const char *text = drawn(fixture, last == 1);
        assert_has(text, "0 of 100 done, 0/s");
        assert_has_not(text, "left");
        assert_has_not(text, "nan");
        assert_has_not(text, "inf");
    }
    fixture_free(fixture);
}
END_TEST

START_TEST (more_than_the_total_is_100_percent) {
    struct fixture *fixture = fixture_new(true, 100, 100);
    at(fixture, SECONDS, 250);
    const char *text = drawn(fixture, false);
    assert_has(text, "[##############################] 100%  250 of 100 done, 250/s\x1b[K\n");
    fixture_free(fixture);
}
END_TEST

START_TEST (an_immense_time_left_is_years) {
    struct fixture *fixture = fixture_new(false, 0, UINT64_MAX);
    at(fixture, 3600 * SECONDS, 1);
    assert_has(drawn(fixture, false), ", 0/s, years left;");
    fixture_free(fixture);
}
END_TEST

START_TEST (all_but_one_of_many_is_not_100_percent) {
    struct fixture *fixture = fixture_new(true, 100, UINT64_C(1) << 62);
    at(fixture, SECONDS, (UINT64_C(1) << 62) - 1);
    assert_has(drawn(fixture, false), "-]  99%  ");
    fixture_free(fixture);
}
END_TEST

START_TEST (items_that_failed_or_were_dropped_are_through) {
    struct fixture *fixture = fixture_new(true, 100, 100);
    fixture->report.counts = (weir_counts){.in = 100, .done = 40, .failed = 20, .dead = 10, .dropped = 30};
    fixture->report.elapsed = SECONDS;
    assert_has(drawn(fixture, false), "] 100%  40 of 100 done, 20 failed, 10 dead, 30 dropped, 100/s\x1b[K\n");
    fixture_free(fixture);
}
END_TEST

START_TEST (a_cancelled_run_says_so_and_has_no_time_left) {
    struct fixture *fixture = fixture_new(false, 0, 100);
    fixture->report.state = WEIR_RUN_CANCELLED;
    at(fixture, SECONDS, 10);
    ck_assert_str_eq(drawn(fixture, false), "1.0 s: 10 of 100 done, cancelled, 10.0/s; bottleneck: resize\n");
    fixture_free(fixture);
}
END_TEST

START_TEST (a_paused_entrance_is_named) {
    struct fixture *fixture = fixture_new(false, 0, 100);
    fixture->report.paused = true;
    at(fixture, SECONDS, 10);
    ck_assert_str_eq(drawn(fixture, false), "1.0 s: 10 of 100 done, paused, 10.0/s, 9 s left; bottleneck: resize\n");
    fixture_free(fixture);
}
END_TEST

/* ---- rates ---- */

START_TEST (the_rate_is_that_of_late) {
    struct fixture *fixture = fixture_new(false, 0, 100000);
    at(fixture, 100 * SECONDS, 1000);
    assert_has(drawn(fixture, false), ", 10.0/s, ");
    at(fixture, 110 * SECONDS, 2000); /* longer than the window of the rate */
    assert_has(drawn(fixture, false), ", 100/s, 16 min 20 s left");
    at(fixture, 111 * SECONDS, 2000); /* no item in the last of five seconds */
    assert_has(drawn(fixture, false), ", 80.0/s, ");
    ck_assert(drawn(fixture, false) != NULL); /* at the same time */
    assert_has(fixture->text, ", 80.0/s, ");
    assert_has(drawn(fixture, true), ", 18.0/s; "); /* the rate of the whole run */
    fixture_free(fixture);
}
END_TEST

START_TEST (at_first_the_rate_is_the_plain_average) {
    struct fixture *fixture = fixture_new(false, 0, 0);
    at(fixture, SECONDS, 0);
    assert_has(drawn(fixture, false), ", 0/s");
    at(fixture, 2 * SECONDS, 100);
    assert_has(drawn(fixture, false), ", 50.0/s");
    at(fixture, 4 * SECONDS, 100);
    assert_has(drawn(fixture, false), ", 25.0/s");
    fixture_free(fixture);
}
END_TEST

START_TEST (a_stall_has_no_rate_and_no_time_left) {
    struct fixture *fixture = fixture_new(_i == 1, 100, 100);
    at(fixture, 10 * SECONDS, 50);
    fixture->stages[0].counts.done = 50;
    assert_has(drawn(fixture, false), "50 of 100 done, 5.0/s, 10 s left");
    for (uint64_t second = 11; second < 15; second++) {
        at(fixture, second * SECONDS, 50);
        assert_has(drawn(fixture, false), " s left"); /* a batch may take as long */
    }
    at(fixture, 15 * SECONDS, 50);
    assert_has(drawn(fixture, false), "50 of 100 done, 0/s");
    assert_has_not(fixture->text, "left");
    if (_i == 1)
        assert_has(fixture->text, "     0/s      50 done");
    at(fixture, 16 * SECONDS, 51);
    assert_has(drawn(fixture, false), " left");
    fixture_free(fixture);
}
END_TEST

START_TEST (slow_items_are_no_stall) {
    struct fixture *fixture = fixture_new(false, 0, 6);
    at(fixture, 60 * SECONDS, 3);
    drawn(fixture, false);
    for (uint64_t second = 61; second < 120; second++) {
        at(fixture, second * SECONDS, 3);
        assert_has(drawn(fixture, false), " left");
    }
    at(fixture, 120 * SECONDS, 3); /* three times as long as one took */
    assert_has_not(drawn(fixture, false), " left");
    fixture_free(fixture);
}
END_TEST

START_TEST (counts_and_times_that_go_back_do_no_harm) {
    struct fixture *fixture = fixture_new(_i == 1, 80, 1000);
    at(fixture, 10 * SECONDS, 100);
    drawn(fixture, false);
    at(fixture, 5 * SECONDS, 50);
    assert_has(drawn(fixture, false), "50 of 1000 done, 10.0/s");
    at(fixture, 20 * SECONDS, 50);
    assert_has(drawn(fixture, false), "50 of 1000 done, 0/s");
    fixture_free(fixture);
}
END_TEST

/* ---- on a terminal ---- */

START_TEST (on_a_terminal_each_stage_has_a_line) {
    struct fixture *fixture = fixture_new(true, 90, 10000);
    fixture->stages[1].counts.done = 830;
    at(fixture, 2 * SECONDS, 3400);
    ck_assert_str_eq(drawn(fixture, false),
                     "list     1/1 busy                                0/s       0 done\x1b[K\n"
                     "resize   3/8 busy [#####-----]    32 queued    415/s     830 done, 1 failed, 1 dead\x1b[K\n"
                     "upload  0/16 busy               1234 queued      0/s       0 done\x1b[K\n"
                     "[##########--------------------]  34%  3400 of 10000 done, 1700/s, 4 s left\x1b[K\n");
    fixture_free(fixture);
}
END_TEST

START_TEST (the_most_threads_of_an_elastic_stage_and_a_pause_end_its_line) {
    struct fixture *fixture = fixture_new(true, 120, 0);
    fixture->stages[0].paused = true;
    fixture->stages[1].max_threads = 64;
    fixture->stages[1].paused = true;
    fixture->stages[2].max_threads = 16; /* which it has */
    const char *text = drawn(fixture, false);
    assert_has(text, "0 done, paused\x1b[K\nresize");
    assert_has(text, "0 done, 1 failed, 1 dead, at most 64 threads, paused\x1b[K\nupload");
    assert_has_not(text, "at most 16");
    fixture_free(fixture);
}
END_TEST

START_TEST (without_a_total_there_is_no_bar) {
    struct fixture *fixture = fixture_new(true, 80, 0);
    at(fixture, 2 * SECONDS, 3400);
    assert_has(drawn(fixture, false), "\n2.0 s: 3400 done, 1700/s\x1b[K\n");
    fixture_free(fixture);
}
END_TEST

START_TEST (each_frame_takes_the_place_of_the_one_before) {
    struct fixture *fixture = fixture_new(true, 80, 10);
    const char *text = drawn(fixture, false);
    ck_assert_int_ne(text[0], '\x1b');
    ck_assert_uint_eq(count_lines(text, 80), STAGES + 1);
    for (int last = 0; last < 2; last++) {
        text = drawn(fixture, last == 1);
        ck_assert_msg(strncmp(text, "\x1b[4A\r", 5) == 0, "%s", text);
        ck_assert_uint_eq(count_lines(text + 5, 80), STAGES + 1);
        assert_has_not(text, "\x1b[J");
    }
    fixture_free(fixture);
}
END_TEST

START_TEST (no_line_is_longer_than_the_terminal_is_wide) {
    static char name[2001];
    for (size_t i = 0; i + 4 < sizeof name; i += 4)
        memcpy(name + i, "\xF0\x9F\x98\x80", 4); /* characters of maximal length */
    struct fixture *fixture = fixture_new(true, 0, 10000);
    for (size_t i = 0; i < STAGES; i++)
        fixture->stages[i].name = name;
    at(fixture, SECONDS, UINT64_MAX);
    for (unsigned columns = 1; columns < 400; columns++) {
        fixture->view.columns = columns;
        const char *text = drawn(fixture, false);
        text = columns == 1 ? text : strchr(text, '\r') + 1;
        ck_assert_uint_eq(count_lines(text, columns), STAGES + 1);
    }
    fixture->view.columns = 0;
    ck_assert_uint_eq(count_lines(strchr(drawn(fixture, false), '\r') + 1, 80), STAGES + 1);
    fixture_free(fixture);
}
END_TEST

START_TEST (a_queue_with_one_item_does_not_look_empty) {
    static const struct {
        size_t depth, capacity;
        const char *bar;
    } queues[] = {{0, 64, "[----------]"},     {1, 64, "[#---------]"},  {63, 64, "[#########-]"},
                  {64, 64, "[##########]"},    {70, 64, "[##########]"}, {1, 1, "[##########]"},
                  {1, 1000000, "[#---------]"}};
    struct fixture *fixture = fixture_new(true, 80, 0);
    for (size_t i = 0; i < COUNT_OF(queues); i++) {
        fixture->stages[1].depth = queues[i].depth;
        fixture->stages[1].capacity = queues[i].capacity;
        assert_has(drawn(fixture, false), queues[i].bar);
    }
    fixture_free(fixture);
}
END_TEST

START_TEST (a_frame_is_not_higher_than_the_terminal) {
    struct fixture *fixture = fixture_new(true, 80, 10);
    static const struct {
        unsigned rows;
        size_t lines;
    } heights[] = {{0, 4}, {100, 4}, {5, 4}, {4, 3}, {3, 2}, {2, 1}, {1, 1}, {5, 4}};
    for (size_t i = 0; i < COUNT_OF(heights); i++) {
        fixture->view.rows = heights[i].rows;
        const char *text = drawn(fixture, false);
        text = i == 0 ? text : strchr(text, '\r') + 1;
        ck_assert_uint_eq(count_lines(text, 80), heights[i].lines);
        bool lower = i > 0 && heights[i].lines < heights[i - 1].lines;
        ck_assert_int_eq(strstr(text, "\x1b[J") != NULL, lower); /* the rest of the previous frame is cleared */
    }
    assert_has_not(fixture->text, "more");
    fixture->view.rows = 4;
    const char *text = drawn(fixture, false);
    assert_has(text, "list");
    assert_has(text, "\n... and 2 more stages\x1b[K\n[");
    fixture_free(fixture);
}
END_TEST

START_TEST (a_report_with_more_stages_than_were_said_is_drawn_as_far_as_they_were) {
    struct fixture *fixture = fixture_new(true, 80, 10);
    weir__view_end(&fixture->view);
    ck_assert(weir__view_begin(&fixture->view, 1));
    ck_assert_uint_eq(count_lines(drawn(fixture, false), 80), 2);
    fixture_free(fixture);
}
END_TEST

START_TEST (a_report_with_fewer_stages_than_were_said_is_drawn_as_far_as_they_go) {
    struct fixture *fixture = fixture_new(true, 80, 10);
    fixture->report.stage_count = 1;
    at(fixture, SECONDS, 5);
    const char *text = drawn(fixture, false);
    ck_assert_uint_eq(count_lines(text, 80), 2);
    assert_has(text, "list");
    assert_has_not(text, "resize");
    fixture_free(fixture);
}
END_TEST

START_TEST (a_figure_that_is_wider_than_its_column_stands_apart) {
    struct fixture *fixture = fixture_new(true, 120, 0);
    fixture->stages[1].running = 12; /* as wide as its column */
    fixture->stages[1].threads = 128;
    assert_has(drawn(fixture, false), "\nresize 12/128 busy [");
    fixture->stages[1].running = fixture->stages[1].threads = 4096;
    fixture->stages[1].depth = fixture->stages[1].capacity = 12345678;
    fixture->stages[1].counts.done = 1234567890;
    assert_has(drawn(fixture, false), "\nresize 4096/4096 busy [##########] 12345678 queued      0/s 1234567890 done");
    fixture_free(fixture);
}
END_TEST

START_TEST (a_view_without_memory_does_not_begin) {
    struct weir__view view = {.terminal = true};
    ledger_reset();
    ledger_fail(1, false);
    ck_assert(!weir__view_begin(&view, 3));
    weir__view_end(&view);
    ledger_fail(0, false);
    ck_assert(weir__view_begin(&view, 3));
    ck_assert_uint_eq(ledger_pieces(), 1);
    weir__view_end(&view);
    weir__view_end(&view);
    ck_assert_uint_eq(ledger_pieces(), 0);
}
END_TEST

START_TEST (a_frame_is_there_when_it_is_drawn) {
    struct fixture *fixture = fixture_new(true, 80, 10);
    FILE *stream = tmpfile();
    char text[4096];
    ck_assert_ptr_nonnull(stream);
    setvbuf(stream, NULL, _IOFBF, 1 << 16);
    fixture->view.stream = stream;
    weir__view_draw(&fixture->view, &fixture->report, false);
    ssize_t size = pread(fileno(stream), text, sizeof text, 0);
    ck_assert_int_eq(size, (ssize_t)fixture->view.length);
    fclose(stream);
    fixture_free(fixture);
}
END_TEST

static Suite *view_suite(void) {
    Suite *suite = suite_create("report view");
    TCase *plain = add_case(suite, "text");
    tcase_add_test(plain, elsewhere_a_frame_is_one_plain_line);
    tcase_add_test(plain, without_a_total_there_is_no_time_left);
    tcase_add_loop_test(plain, nothing_done_at_no_time_is_no_rate, 0, 2);
    tcase_add_test(plain, more_than_the_total_is_100_percent);
    tcase_add_test(plain, an_immense_time_left_is_years);
    tcase_add_test(plain, all_but_one_of_many_is_not_100_percent);
    tcase_add_test(plain, items_that_failed_or_were_dropped_are_through);
    tcase_add_test(plain, a_cancelled_run_says_so_and_has_no_time_left);
    tcase_add_test(plain, a_paused_entrance_is_named);
    TCase *rates = add_case(suite, "rates");
    tcase_add_test(rates, the_rate_is_that_of_late);
    tcase_add_test(rates, at_first_the_rate_is_the_plain_average);
    tcase_add_loop_test(rates, a_stall_has_no_rate_and_no_time_left, 0, 2);
    tcase_add_test(rates, slow_items_are_no_stall);
    tcase_add_loop_test(rates, counts_and_times_that_go_back_do_no_harm, 0, 2);
    TCase *terminal = add_case(suite, "terminal");
    tcase_add_test(terminal, on_a_terminal_each_stage_has_a_line);
    tcase_add_test(terminal, the_most_threads_of_an_elastic_stage_and_a_pause_end_its_line);
    tcase_add_test(terminal, without_a_total_there_is_no_bar);
    tcase_add_test(terminal, each_frame_takes_the_place_of_the_one_before);
    tcase_add_test(terminal, no_line_is_longer_than_the_terminal_is_wide);
    tcase_add_test(terminal, a_queue_with_one_item_does_not_look_empty);
    tcase_add_test(terminal, a_frame_is_not_higher_than_the_terminal);
    tcase_add_test(terminal, a_report_with_more_stages_than_were_said_is_drawn_as_far_as_they_were);
    tcase_add_test(terminal, a_report_with_fewer_stages_than_were_said_is_drawn_as_far_as_they_go);
    tcase_add_test(terminal, a_figure_that_is_wider_than_its_column_stands_apart);
    tcase_add_test(terminal, a_view_without_memory_does_not_begin);
    tcase_add_test(terminal, a_frame_is_there_when_it_is_drawn);
    return suite;
}

int main(void) {
    return run_suite(view_suite());
}
