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
#include "report/bottleneck.h"
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
    weir_edge connections[] = {{0, 1, false}};
    weir_error failures[] = {{lent("bc"), 5, lent("why"), 2, 9, true}};
    weir_error last[] = {{lent("a"), 6, lent("now"), 1, 10, false}};
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
                         .latest_count = 1,
                         .latest = last,
                         .late_count = 1,
                         .late = workers,
                         .bottleneck = &some[1]};
    weir_report *copy = weir__report_copy(&draft);
    ck_assert_ptr_nonnull(copy);
    const char *strings[] = {draft.name,          some[0].name,  some[1].name,    failures[0].stage,
                             failures[0].message, last[0].stage, last[0].message, workers[0].stage};
    for (size_t i = 0; i < COUNT_OF(strings); i++)
        take_back(strings[i]);
    memset(some, 0xA5, sizeof some);
    memset(connections, 0xA5, sizeof connections);
    memset(failures, 0xA5, sizeof failures);
    memset(last, 0xA5, sizeof last);
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
    ck_assert_uint_eq(copy->latest_count, 1);
    ck_assert_str_eq(copy->latest[0].stage, "a");
    ck_assert_str_eq(copy->latest[0].message, "now");
    ck_assert_uint_eq(copy->latest[0].at, 10);
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
    weir_report draft = {.name = words[3], .stages = some, .errors = failures, .latest = failures, .late = workers};
    draft.stage_count = draft.kept_errors = draft.latest_count = draft.late_count = count;
    ledger_reset();
    weir_report *copy = weir__report_copy(&draft);
    assert_within(copy, copy->name, words[3]);
    for (size_t i = 0; i < count; i++) {
        assert_within(copy, copy->stages[i].name, words[i]);
        assert_within(copy, copy->errors[i].stage, words[i]);
        assert_within(copy, copy->errors[i].message, words[i + 1]);
        assert_within(copy, copy->latest[i].stage, words[i]);
        assert_within(copy, copy->latest[i].message, words[i + 1]);
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

enum { ALL = 1000 }; /* time of a run; each stage has one thread */

/* A run of two stages, and what it depends on: the kind, and the stage, 2 for none. */
static const struct run {
    weir_stage_report stages[2];
    weir__strain strains[2];
    uint64_t items, bytes;
    weir_bottleneck kind;
    size_t stage;
} runs[] = {
    /* Busy stages: all the time, and most of it, with an entrance that is not starved. */
    {{{.threads = 1, .capacity = 1, .busy = 10, .blocked = 990},
      {.threads = 1, .capacity = 1, .busy = 990, .starved = 10}},
     .kind = WEIR_BOTTLENECK_STAGE,
     .stage = 1},
    {{{.threads = 1, .capacity = 1, .busy = 700, .blocked = 300},
      {.threads = 1, .capacity = 1, .busy = 650, .starved = 350}},
     .kind = WEIR_BOTTLENECK_STAGE},
    {{{.threads = 1, .capacity = 1, .busy = 800, .starved = 200}, {.threads = 1, .capacity = 1, .starved = 1000}},
     .kind = WEIR_BOTTLENECK_STAGE},
    /* The greatest share is not enough if the entrance is starved. */
    {{{.threads = 1, .capacity = 1, .busy = 70, .starved = 930},
      {.threads = 1, .capacity = 1, .busy = 20, .starved = 980}},
     .kind = WEIR_BOTTLENECK_INPUT,
     .stage = 2},
    {{{.threads = 1, .capacity = 1, .busy = 700, .starved = 300}, {.threads = 1, .capacity = 1, .starved = 1000}},
     .kind = WEIR_BOTTLENECK_INPUT,
     .stage = 2},
    /* A source: it makes its items, waits for them in a call, or blocks. */
    {{{.threads = 1, .busy = 900, .blocked = 100}, {.threads = 1, .capacity = 1, .busy = 100, .starved = 900}},
     .kind = WEIR_BOTTLENECK_INPUT},
    {{{.threads = 1, .busy = 10, .blocked = 990}, {.threads = 1, .capacity = 1, .busy = 100, .starved = 900}},
     .strains = {{.calls = 990}},
     .kind = WEIR_BOTTLENECK_INPUT},
    {{{.threads = 1, .busy = 10, .blocked = 990}, {.threads = 1, .capacity = 1, .busy = 500, .starved = 500}},
     .bytes = 950,
     .kind = WEIR_BOTTLENECK_BYTES,
     .stage = 2},
    /* A limit on what is in flight, only if no stage is saturated. */
    {{{.threads = 1, .capacity = 1, .busy = 100, .starved = 900},
      {.threads = 1, .capacity = 1, .busy = 100, .starved = 900}},
     .items = 800,
     .kind = WEIR_BOTTLENECK_ITEMS,
     .stage = 2},
    {{{.threads = 1, .capacity = 1, .busy = 990, .starved = 10}, {.threads = 1, .capacity = 1, .starved = 1000}},
     .items = 990,
     .kind = WEIR_BOTTLENECK_STAGE},
    /* What a stage blocks for. */
    {{{.threads = 1, .capacity = 1, .busy = 10, .blocked = 990},
      {.threads = 1, .capacity = 1, .busy = 100, .blocked = 900}},
     .strains = {{.rate = 0}, {.rate = 900}},
     .kind = WEIR_BOTTLENECK_RATE,
     .stage = 1},
    {{{.threads = 1, .capacity = 1, .busy = 10, .blocked = 990},
      {.threads = 1, .capacity = 1, .busy = 100, .blocked = 900}},
     .strains = {{.rate = 0}, {.results = 900}},
     .kind = WEIR_BOTTLENECK_RESULTS,
     .stage = 1},
    {{{.threads = 1, .capacity = 1, .busy = 10, .blocked = 990},
      {.threads = 1, .capacity = 1, .busy = 100, .blocked = 900}},
     .strains = {{.rate = 0}, {.letters = 900}},
     .kind = WEIR_BOTTLENECK_LETTERS,
     .stage = 1},
    {{{.threads = 1, .capacity = 1, .busy = 100, .blocked = 900}, {.threads = 1, .capacity = 1, .starved = 1000}},
     .strains = {{.calls = 900}},
     .kind = WEIR_BOTTLENECK_CALLS},
    /* Items wait for their keys: while threads are starved, and while all are busy. */
    {{{.threads = 1, .capacity = 1, .busy = 10, .blocked = 990},
      {.threads = 1, .capacity = 1, .busy = 250, .starved = 750}},
     .strains = {{.keys = 0}, {.keys = 990}},
     .kind = WEIR_BOTTLENECK_KEYS,
     .stage = 1},
    {{{.threads = 1, .capacity = 1, .busy = 10, .blocked = 990},
      {.threads = 1, .capacity = 1, .busy = 950, .starved = 50}},
     .strains = {{.keys = 0}, {.keys = 990}},
     .kind = WEIR_BOTTLENECK_STAGE,
     .stage = 1},
    /* The seats of a crew, all in use; lanes without one seem to be starved. */
    {{{.threads = 1, .capacity = 1, .busy = 500, .starved = 500, .on_crew = true},
      {.threads = 1, .capacity = 1, .busy = 480, .starved = 520, .on_crew = true}},
     .kind = WEIR_BOTTLENECK_STAGE},
    {{{.threads = 1, .busy = 500, .starved = 500, .on_crew = true},
      {.threads = 1, .capacity = 1, .busy = 480, .starved = 520, .on_crew = true}},
     .kind = WEIR_BOTTLENECK_INPUT},
    {{{.threads = 1, .capacity = 1, .busy = 500, .starved = 500, .on_crew = true, .blocks = true},
      {.threads = 1, .capacity = 1, .busy = 480, .starved = 520, .on_crew = true, .blocks = true}},
     .kind = WEIR_BOTTLENECK_INPUT,
     .stage = 2},
    /* Idle, or not begun. */
    {{{.threads = 1, .capacity = 1, .busy = 5, .starved = 995},
      {.threads = 1, .capacity = 1, .busy = 1, .starved = 999}},
     .stage = 2},
    {{{.threads = 1, .capacity = 1}, {.threads = 1, .capacity = 1}}, .stage = 2},
    /* A quick stage that has ended, before a slow one with an unbounded queue. */
    {{{.threads = 1, .capacity = 1, .busy = 100}, {.threads = 1, .capacity = SIZE_MAX, .busy = 950, .starved = 50}},
     .kind = WEIR_BOTTLENECK_STAGE,
     .stage = 1},
    /* Times that do not fit into 64 bits together. */
    {{{.threads = 1, .capacity = 1, .busy = UINT64_MAX / 2, .starved = UINT64_MAX, .blocked = UINT64_MAX},
      {.threads = 1, .capacity = 1, .busy = UINT64_MAX, .starved = UINT64_MAX / 8}},
     .kind = WEIR_BOTTLENECK_STAGE,
     .stage = 1},
};

START_TEST (the_bottleneck_is_what_the_others_wait_for) {
    const struct run *run = &runs[_i];
    weir_report draft = {.elapsed = ALL, .stage_count = 2, .stages = run->stages};
    const weir__strains strains = {.stages = run->strains,
                                   .entrance = run->stages[0].capacity != 0 ? &run->stages[0] : NULL,
                                   .items = run->items,
                                   .bytes = run->bytes,
                                   .seats = 1};
    weir__report_find_bottleneck(&draft, &strains);
    ck_assert_int_eq(draft.bottleneck_kind, run->kind);
    ck_assert_ptr_eq(draft.bottleneck, run->stage == 2 ? NULL : &run->stages[run->stage]);
    ck_assert(draft.bottleneck_share >= 0 && draft.bottleneck_share <= 1);
}
END_TEST

START_TEST (without_stages_there_is_no_bottleneck) {
    weir_report draft = {.elapsed = ALL};
    weir__report_find_bottleneck(&draft, &(weir__strains){.stages = NULL});
    ck_assert_int_eq(draft.bottleneck_kind, WEIR_BOTTLENECK_NONE);
    ck_assert_ptr_null(draft.bottleneck);
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
    tcase_add_loop_test(bottleneck, the_bottleneck_is_what_the_others_wait_for, 0, (int)COUNT_OF(runs));
    tcase_add_test(bottleneck, without_stages_there_is_no_bottleneck);
    return suite;
}

int main(void) {
    return run_suite(report_suite());
}
