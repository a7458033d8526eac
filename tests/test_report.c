/*
 * test_report.c - copies of reports, and the bottleneck.
 *
 * Linked with the library's internals, ledger.c, and --wrap for aligned_alloc and free.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "support.h"

#include <stdlib.h>
#include <string.h>

#include "ledger.h"
#include "report/report.h"

/* ---- copies ---- */

/* Returns a string that is overwritten when it is freed. */
static char *lent(const char *string) {
    char *copy = strdup(string);
    ck_assert_ptr_nonnull(copy);
    return copy;
}

static void take_back(const char *string) {
    char *lent_string = (char *)(uintptr_t)string;
    memset(lent_string, '#', strlen(lent_string));
    free(lent_string);
}

START_TEST (a_copy_does_not_need_its_draft) {
    weir_stage_report some[] = {{.name = lent("a"), .peak = 7}, {.name = lent("bc"), .busy = 5, .max = 8}};
    weir_edge connections[] = {{0, 1}};
    weir_error failures[] = {{lent("bc"), 5, lent("why"), 2, 9, true}};
    weir_late_worker workers[] = {{lent("a"), 3, 11, true, WEIR_IN_DROP}};
    weir_report draft = {.name = lent("name"),
                         .elapsed = 77,
                         .stage_count = 2,
                         .stages = some,
                         .edge_count = 1,
                         .edges = connections,
                         .error_count = 4,
                         .kept_errors = 1,
                         .errors = failures,
                         .late_count = 1,
                         .late = workers,
                         .bottleneck = &some[1]};
    weir_report *copy = weir__report_copy(&draft);
    ck_assert_ptr_nonnull(copy);
    const char *strings[] = {draft.name,        some[0].name,        some[1].name,
                             failures[0].stage, failures[0].message, workers[0].stage};
    for (size_t i = 0; i < COUNT_OF(strings); i++)
        take_back(strings[i]);
    memset(some, 0xA5, sizeof some);
    memset(connections, 0xA5, sizeof connections);
    memset(failures, 0xA5, sizeof failures);
    memset(workers, 0xA5, sizeof workers);
    memset(&draft, 0xA5, sizeof draft);

    ck_assert_str_eq(copy->name, "name");
    ck_assert_uint_eq(copy->elapsed, 77);
    ck_assert_uint_eq(copy->stage_count, 2);
    ck_assert_str_eq(copy->stages[0].name, "a");
    ck_assert_uint_eq(copy->stages[0].peak, 7);
    ck_assert_str_eq(copy->stages[1].name, "bc");
    ck_assert_uint_eq(copy->stages[1].max, 8);
    ck_assert_uint_eq(copy->edge_count, 1);
    ck_assert_uint_eq(copy->edges[0].from, 0);
    ck_assert_uint_eq(copy->edges[0].to, 1);
    ck_assert_uint_eq(copy->error_count, 4);
    ck_assert_uint_eq(copy->kept_errors, 1);
    ck_assert_str_eq(copy->errors[0].stage, "bc");
    ck_assert_str_eq(copy->errors[0].message, "why");
    ck_assert_uint_eq(copy->errors[0].at, 9);
    ck_assert(copy->errors[0].fatal);
    ck_assert_uint_eq(copy->late_count, 1);
    ck_assert_str_eq(copy->late[0].stage, "a");
    ck_assert_uint_eq(copy->late[0].number, 3);
    ck_assert_int_eq(copy->late[0].where, WEIR_IN_DROP);
    ck_assert_ptr_eq(copy->bottleneck, &copy->stages[1]);
    weir_report_free(copy);
}
END_TEST

START_TEST (what_a_draft_does_not_say_is_empty) {
    weir_error failure = {.code = 1};
    weir_report draft = {.kept_errors = 1, .errors = &failure};
    weir_report *copy = weir__report_copy(&draft);
    ck_assert_str_eq(copy->name, "");
    ck_assert_str_eq(copy->errors[0].stage, "");
    ck_assert_str_eq(copy->errors[0].message, "");
    ck_assert_ptr_null(copy->bottleneck);
    weir_report_free(copy);
}
END_TEST

START_TEST (a_copy_is_one_piece_of_memory) {
    weir_stage_report stage = {.name = "resize"};
    weir_report source = {.name = "photos", .stage_count = 1, .stages = &stage};
    ledger_reset();
    weir_report *copy = weir__report_copy(&source);
    ck_assert_ptr_nonnull(copy);
    ck_assert_uint_eq(ledger_calls(), 1);
    weir_report_free(copy);
    ck_assert_uint_eq(ledger_pieces(), 0);
    ledger_fail(1, false);
    ck_assert_ptr_null(weir__report_copy(&source));
    ledger_reset();
}
END_TEST

static void assert_within(const weir_report *copy, const char *string, const char *wanted) {
    ck_assert_str_eq(string, wanted);
    ck_assert(string > (const char *)copy);
    ck_assert(string + strlen(string) < (const char *)copy + ledger_bytes());
}

START_TEST (each_string_lies_within_the_piece) {
    char words[4][300]; /* longer than the padding of an allocation */
    weir_stage_report some[3];
    weir_error failures[3];
    weir_late_worker workers[3];
    for (size_t i = 0; i < COUNT_OF(words); i++) {
        memset(words[i], (int)('a' + i), sizeof words[i] - 1);
        words[i][sizeof words[i] - 1] = 0;
    }
    for (size_t i = 0; i < 3; i++) {
        some[i] = (weir_stage_report){.name = words[i]};
        failures[i] = (weir_error){.stage = words[i], .message = words[i + 1]};
        workers[i] = (weir_late_worker){.stage = words[i]};
    }
    size_t count = 1 + (size_t)_i;
    weir_report draft = {.name = words[3], .stages = some, .errors = failures, .late = workers};
    draft.stage_count = draft.kept_errors = draft.late_count = count;
    ledger_reset();
    weir_report *copy = weir__report_copy(&draft);
    assert_within(copy, copy->name, words[3]);
    for (size_t i = 0; i < count; i++) {
        assert_within(copy, copy->stages[i].name, words[i]);
        assert_within(copy, copy->errors[i].stage, words[i]);
        assert_within(copy, copy->errors[i].message, words[i + 1]);
        assert_within(copy, copy->late[i].stage, words[i]);
    }
    weir_report_free(copy);
    ck_assert_uint_eq(ledger_pieces(), 0);
}
END_TEST

START_TEST (freeing_no_report_does_nothing) {
    weir_report_free(NULL);
}
END_TEST

/* ---- the bottleneck ---- */

START_TEST (the_bottleneck_is_the_stage_with_the_greatest_share_of_busy_time) {
    static const weir_stage_report some[] = {{.name = "much", .busy = 800, .blocked = 200},
                                             {.name = "most", .busy = 90, .starved = 5, .blocked = 5},
                                             {.name = "as much", .busy = 900, .starved = 100},
                                             {.name = "idle", .starved = 5000}};
    ck_assert_ptr_eq(weir__report_bottleneck(some, COUNT_OF(some)), &some[1]);
    ck_assert_ptr_eq(weir__report_bottleneck(some, 1), &some[0]);
}
END_TEST

START_TEST (without_busy_time_there_is_no_bottleneck) {
    static const weir_stage_report idle[] = {{.name = "starved", .starved = 1000}, {.name = "not begun"}};
    ck_assert_ptr_null(weir__report_bottleneck(idle, COUNT_OF(idle)));
    ck_assert_ptr_null(weir__report_bottleneck(NULL, 0));
}
END_TEST

START_TEST (times_that_do_not_fit_into_64_bits_together_are_compared_all_the_same) {
    static const weir_stage_report some[] = {{.busy = UINT64_MAX / 2, .starved = UINT64_MAX, .blocked = UINT64_MAX},
                                             {.busy = UINT64_MAX, .starved = UINT64_MAX}};
    ck_assert_ptr_eq(weir__report_bottleneck(some, COUNT_OF(some)), &some[1]);
}
END_TEST

static Suite *report_suite(void) {
    Suite *suite = suite_create("report");
    TCase *copies = add_case(suite, "copies");
    tcase_add_test(copies, a_copy_does_not_need_its_draft);
    tcase_add_test(copies, what_a_draft_does_not_say_is_empty);
    tcase_add_test(copies, a_copy_is_one_piece_of_memory);
    tcase_add_loop_test(copies, each_string_lies_within_the_piece, 0, 3);
    tcase_add_test(copies, freeing_no_report_does_nothing);
    TCase *bottleneck = add_case(suite, "bottleneck");
    tcase_add_test(bottleneck, the_bottleneck_is_the_stage_with_the_greatest_share_of_busy_time);
    tcase_add_test(bottleneck, without_busy_time_there_is_no_bottleneck);
    tcase_add_test(bottleneck, times_that_do_not_fit_into_64_bits_together_are_compared_all_the_same);
    return suite;
}

int main(void) {
    return run_suite(report_suite());
}
