/*
 * test_pipeline_outcome.c - the outcome of a run and of its items: the fatal error, and that a run with dropped items
 * never returns WEIR_OK.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline_support.h"

enum { ITEMS = 200 };

/* ---- the fatal error ---- */

/* Skipped errors and retries, followed by an error that ends the run. */
enum { SKIPPED = 20 };

static int skip_most(weir_task *task, void *item, void *unused) {
    struct thing *thing = item;
    (void)unused;
    if (thing->n < SKIPPED)
        return weir_task_fail(task, 1, "line %zu is not right", thing->n);
    weir_task_emit(task, thing);
    return 0;
}

static int fail_twice(weir_task *task, void *item, void *unused) {
    (void)item;
    (void)unused;
    return weir_task_fail(task, 28, "disk full, at attempt %u", weir_task_attempt(task));
}

static const size_t most_errors[] = {1, 2, SKIPPED, SKIPPED + 1, SKIPPED + 2, 1000};

START_TEST (the_error_that_ended_the_run_is_always_kept_first_and_marked) {
    size_t most = most_errors[_i], all = SKIPPED + 2;
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.max_errors = most});
    add_stage(pipeline,
              (weir_stage_options){
                  .name = "parse", .work.run = skip_most, .input.drop = thing_drop, .errors.on_error = WEIR_SKIP});
    add_stage(pipeline,
              (weir_stage_options){
                  .name = "store", .work.run = fail_twice, .input.drop = thing_drop, .errors.retry = {.attempts = 2}});
    start_pipeline(pipeline);
    put_things(pipeline, SKIPPED + 1);
    for (size_t round = 0; round < 2; round++) { /* however often the report is requested */
        weir_report *report = finish_pipeline(pipeline, WEIR_FAILED);
        ck_assert_uint_eq(report->error_count, all);
        ck_assert_uint_eq(report->kept_errors, most < all ? most : all);
        ck_assert(report->errors[0].fatal);
        ck_assert_str_eq(report->errors[0].stage, "store");
        ck_assert_int_eq(report->errors[0].code, 28);
        ck_assert_uint_eq(report->errors[0].attempts, 2);
        ck_assert_str_eq(report->errors[0].message, "disk full, at attempt 2");
        for (size_t i = 1; i < report->kept_errors; i++) {
            ck_assert(!report->errors[i].fatal);
            ck_assert_int_eq(report->errors[i].code, i <= SKIPPED ? 1 : 28);
            ck_assert_uint_ge(report->errors[i].at, i == 1 ? 0 : report->errors[i - 1].at);
        }
        weir_report_free(report);
    }
    destroy_pipeline(pipeline);
    assert_things_ended();
}
END_TEST

/* Many items fail at once: exactly one error, the first, ends the run and is marked. */
START_TEST (of_many_errors_that_would_end_the_run_one_has) {
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.max_errors = 3});
    add_stage(pipeline, (weir_stage_options){.name = "bad",
                                             .work.run = fail_twice,
                                             .threads.count = 4,
                                             .input.capacity = ITEMS,
                                             .input.drop = thing_drop});
    start_pipeline(pipeline);
    for (size_t i = 0; i < ITEMS; i++) {
        if (weir_pipeline_put(pipeline, thing_new()) != WEIR_OK)
            thing_consume(thing_at(i));
    }
    weir_report *report = finish_pipeline(pipeline, WEIR_FAILED);
    for (size_t i = 0; i < report->kept_errors; i++) {
        ck_assert_int_eq(report->errors[i].fatal, i == 0);
        ck_assert_uint_ge(report->errors[i].at, i < 2 ? 0 : report->errors[i - 1].at);
    }
    weir_report_free(report);
    destroy_pipeline(pipeline);
    assert_things_ended();
}
END_TEST

/* A run ended by another cause has no fatal error. */
static int cancel_and_fail(weir_task *task, void *item, void *unused) {
    (void)unused;
    if (((struct thing *)item)->n == 1)
        weir_pipeline_cancel(weir_task_pipeline(task));
    return weir_task_fail(task, 9, "at %zu", ((struct thing *)item)->n);
}

START_TEST (an_error_of_a_run_that_was_cancelled_is_not_fatal) {
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_stage(pipeline,
              (weir_stage_options){
                  .name = "bad", .work.run = cancel_and_fail, .input.drop = thing_drop, .errors.on_error = WEIR_SKIP});
    start_pipeline(pipeline);
    put_things(pipeline, 2);
    weir_report *report = finish_pipeline(pipeline, WEIR_CANCELLED);
    ck_assert_uint_eq(report->error_count, 1);
    ck_assert(!report->errors[0].fatal);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    assert_things_ended();
}
END_TEST

/* ---- without a reader of results or dead letters ---- */

static int fail_plainly(weir_task *task, void *item, void *unused) {
    (void)task;
    (void)item;
    (void)unused;
    return 40;
}

/* The reader has shut down the dead-letter queue: the item goes to the drop function, and counts as failed. */
START_TEST (a_dead_letter_without_a_reader_is_an_error_of_its_stage) {
    bool skips = _i % 2 == 1;
    weir_queue *dead = new_queue(5);
    assert_status(WEIR_OK, weir_queue_shutdown(dead, _i < 2 ? WEIR_DRAIN : WEIR_DISCARD));
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_stage(pipeline, (weir_stage_options){.name = "bad",
                                             .work.run = fail_plainly,
                                             .errors.dead = dead,
                                             .input.drop = thing_drop,
                                             .errors.on_error = skips ? WEIR_SKIP : WEIR_FAIL_FAST});
    start_pipeline(pipeline);
    put_things(pipeline, 1);
    weir_report *report = finish_pipeline(pipeline, skips ? WEIR_OK : WEIR_FAILED);
    ck_assert_uint_eq(report->counts.failed, 1);
    ck_assert_uint_eq(report->error_count, 2);
    ck_assert_int_eq(report->errors[0].code, 40);
    ck_assert_int_eq(report->errors[0].fatal, !skips);
    ck_assert_int_eq(report->errors[1].code, WEIR_CODE(WEIR_CLOSED));
    ck_assert_str_eq(report->errors[1].message,
                     "the dead-letter queue of stage bad was shut down before the run ended");
    weir_report_free(report);
    destroy_pipeline(pipeline);
    ck_assert_uint_eq(things_dropped(), 1);
    assert_status(WEIR_OK, weir_queue_destroy(dead));
}
END_TEST

static uint64_t key_of_thing(const void *item, void *unused) {
    (void)unused;
    return ((const struct thing *)item)->n;
}

/* Each way by which results leave a pipeline. */
static int produce_two(weir_task *task, void *item, void *unused) {
    (void)item;
    (void)unused;
    for (int i = 0; i < 2; i++)
        weir_task_emit(task, thing_new());
    return WEIR_END;
}

static int pass_batch_on(weir_task *task, void *const *items, size_t count, void *unused) {
    (void)unused;
    for (size_t i = 0; i < count; i++)
        weir_task_emit(task, items[i]);
    return 0;
}

static const weir_stage_options leaving[] = {
    {.work.func = hand_back},
    {.work.func = hand_back, .limits.rate = 1e9},
    {.work.func = hand_back, .limits.per_key = 1, .limits.key = key_of_thing},
    {.work.run = run_pass_on},
    {.work.run = run_pass_on, .output.ordered = true},
    {.work.func = hand_back, .output.ordered = true},
    {.work.run_batch = pass_batch_on, .batch = {.items = 2}},
    {.work.run = run_pass_on, .limits.per_key = 1, .limits.key = key_of_thing},
    {.work.source = produce_two},
};

static void put_two_if_open(weir_pipeline *pipeline) {
    for (size_t i = 0; i < 2; i++) {
        struct thing *thing = thing_new();
        if (weir_pipeline_put(pipeline, thing) != WEIR_OK)
            thing_consume(thing);
    }
}

/* Checks that a stage that sees all items, and is the only one to lose any, has the counts of the whole. */
static void assert_stage_agrees(const weir_report *report, const char *name) {
    const weir_counts *stage = &stage_in(report, name)->counts;
    ck_assert_uint_eq(stage->in, report->counts.in);
    ck_assert_uint_eq(stage->done, report->counts.done);
    ck_assert_uint_eq(stage->failed, report->counts.failed);
    ck_assert_uint_eq(stage->dead, report->counts.dead);
    ck_assert_uint_eq(stage->dropped, report->counts.dropped);
}

START_TEST (a_result_without_a_reader_is_an_error_of_its_stage) {
    bool skips = _i % 2 == 1;
    struct drops drops = {.count = 0};
    weir_queue *results = new_dropping_queue(5, &drops);
    weir_pipeline *pipeline = new_pipeline(NULL);
    weir_stage_options options = leaving[_i / 2];
    options.name = "last";
    options.output.results = results;
    options.input.drop = thing_drop;
    options.errors.on_error = skips ? WEIR_SKIP : WEIR_FAIL_FAST;
    add_stage(pipeline, options);
    assert_status(WEIR_OK, weir_queue_shutdown(results, WEIR_DRAIN));
    start_pipeline(pipeline);
    if (options.work.source != NULL)
        (void)weir_pipeline_wait(pipeline, hang_limit());
    else
        put_two_if_open(pipeline);
    weir_report *report = finish_pipeline(pipeline, skips ? WEIR_OK : WEIR_FAILED);
    ck_assert_uint_ge(report->counts.failed, 1);
    if (skips)
        ck_assert_uint_eq(report->counts.failed, 2);
    ck_assert_uint_eq(report->counts.done, 0);
    assert_stage_agrees(report, "last");
    ck_assert_uint_eq(report->error_count, skips ? 2 : 1);
    ck_assert_str_eq(report->errors[0].stage, "last");
    ck_assert_int_eq(report->errors[0].code, WEIR_CODE(WEIR_CLOSED));
    ck_assert_int_eq(report->errors[0].fatal, !skips);
    ck_assert_str_eq(report->errors[0].message, "the results queue of stage last was shut down before the run ended");
    weir_report_free(report);
    destroy_pipeline(pipeline);
    ck_assert_uint_ge(atomic_load(&drops.count), 1); /* the drop function of the destination */
    assert_status(WEIR_OK, weir_queue_destroy(results));
}
END_TEST

/* ---- results without a copy or a successor ---- */

/* Makes a result that will be lost, marked by its tries. */
static struct thing *new_lost_thing(void) {
    struct thing *thing = thing_new();
    atomic_fetch_add(&thing->tries, 1);
    return thing;
}

static bool is_lost(const void *thing) {
    return atomic_load(&((const struct thing *)thing)->tries) > 0;
}

static void *copy_unless_lost(void *thing, void *unused) {
    return is_lost(thing) ? NULL : copy_thing(thing, unused);
}

static uint64_t choose_unless_lost(const void *thing, void *unused) {
    (void)unused;
    return is_lost(thing) ? 2 : 1;
}

/* An item also fails if only one of its results, or a result of only one of its attempts, is lost. */
static int emit_one_more(weir_task *task, void *item, void *unused) {
    (void)unused;
    weir_task_emit(task, new_lost_thing());
    weir_task_emit(task, item);
    return 0;
}

static int emit_and_fail_once(weir_task *task, void *item, void *unused) {
    (void)unused;
    if (weir_task_attempt(task) == 1) {
        weir_task_emit(task, new_lost_thing());
        return 7;
    }
    thing_consume(item);
    return 0;
}

static const struct {
    weir_stage_options options;
    bool all; /* all items fail, not each second one */
} going[] = {
    {.options = {.work.func = hand_back}},
    {.options = {.work.func = hand_back, .limits.rate = 1e9}},
    {.options = {.work.func = hand_back, .limits.per_key = 1, .limits.key = key_of_thing}},
    {.options = {.work.func = hand_back, .output.ordered = true}},
    {.options = {.work.run = run_pass_on}},
    {.options = {.work.run = run_pass_on, .output.ordered = true}},
    {.options = {.work.run = run_pass_on, .limits.per_key = 1, .limits.key = key_of_thing}},
    {.options = {.work.run_batch = pass_batch_on, .batch = {.items = 1}}},
    {.options = {.work.run_batch = pass_batch_on, .batch = {.items = 2}}, .all = true},
    {.options = {.work.run = emit_one_more}, .all = true},
    {.options = {.work.run = emit_one_more, .output.ordered = true}, .all = true},
    {.options = {.work.run = emit_and_fail_once, .errors.retry = {.attempts = 2}}, .all = true},
};

static void add_two_behind(weir_pipeline *pipeline, weir_stage *first) {
    for (int i = 0; i < 2; i++) {
        weir_stage *next = add_stage(pipeline, (weir_stage_options){.name = i == 0 ? "left" : "right",
                                                                    .work.func = consume_thing,
                                                                    .input.drop = thing_drop});
        connect_stages(pipeline, first, next);
    }
}

START_TEST (a_result_that_gets_to_no_successor_is_a_failure_of_its_stage) {
    weir_pipeline *pipeline = new_pipeline(NULL);
    weir_stage_options options = going[_i / 2].options;
    options.name = "first";
    options.input.drop = thing_drop;
    options.errors.on_error = WEIR_SKIP;
    bool chooses = _i % 2 == 0;
    options.output.fan_out = chooses ? WEIR_BY_CHOICE : WEIR_TO_ALL;
    options.output.route = chooses ? choose_unless_lost : NULL;
    options.output.copy = chooses ? NULL : copy_unless_lost;
    add_two_behind(pipeline, add_stage(pipeline, options));
    start_pipeline(pipeline);
    for (size_t i = 0; i < 4; i++)
        assert_status(WEIR_OK, weir_pipeline_put(pipeline, i % 2 == 0 ? new_lost_thing() : thing_new()));
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    assert_stage_agrees(report, "first");
    ck_assert_uint_eq(report->counts.failed, going[_i / 2].all ? 4 : 2);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    assert_things_ended();
}
END_TEST

/* The reader takes some results and leaves: the run ends long before its items do. */
static void *take_ten_and_go(void *raw) {
    weir_queue *results = raw;
    for (size_t i = 0; i < 10; i++) {
        void *item;
        if (weir_queue_get(results, &item) == WEIR_OK)
            thing_consume(item);
    }
    weir_queue_shutdown(results, WEIR_DISCARD);
    return NULL;
}

START_TEST (a_run_without_its_reader_does_not_return_ok) {
    weir_queue *results;
    assert_status(WEIR_OK, weir_queue_create_with(&results, &(weir_queue_options){.capacity = 4, .drop = thing_drop}));
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.max_items = _i == 0 ? 0 : 20});
    add_stage(pipeline, (weir_stage_options){.name = "work",
                                             .work.func = hand_back,
                                             .threads.count = 2,
                                             .output.results = results,
                                             .input.drop = thing_drop});
    start_pipeline(pipeline);
    pthread_t reader;
    thread_start(&reader, take_ten_and_go, results);
    for (size_t i = 0; i < 2 * ITEMS; i++) {
        struct thing *thing = thing_new();
        if (weir_pipeline_put(pipeline, thing) != WEIR_OK)
            thing_consume(thing);
    }
    thread_join(reader);
    weir_report_free(finish_pipeline(pipeline, WEIR_FAILED));
    destroy_pipeline(pipeline);
    assert_status(WEIR_OK, weir_queue_destroy(results));
    assert_things_ended();
}
END_TEST

static Suite *outcome_suite(void) {
    Suite *suite = suite_create("outcome of a pipeline");
    TCase *fatal = add_things_case(suite, "fatal");
    tcase_add_loop_test(fatal, the_error_that_ended_the_run_is_always_kept_first_and_marked, 0, COUNT_OF(most_errors));
    tcase_add_loop_test(fatal, of_many_errors_that_would_end_the_run_one_has, 0, 20);
    tcase_add_test(fatal, an_error_of_a_run_that_was_cancelled_is_not_fatal);
    TCase *readers = add_things_case(suite, "readers");
    tcase_add_loop_test(readers, a_dead_letter_without_a_reader_is_an_error_of_its_stage, 0, 4);
    tcase_add_loop_test(readers, a_result_without_a_reader_is_an_error_of_its_stage, 0, 2 * COUNT_OF(leaving));
    tcase_add_loop_test(readers, a_run_without_its_reader_does_not_return_ok, 0, 2);
    TCase *behind = add_things_case(suite, "successors");
    tcase_add_loop_test(behind, a_result_that_gets_to_no_successor_is_a_failure_of_its_stage, 0, 2 * COUNT_OF(going));
    return suite;
}

int main(void) {
    return run_suite(outcome_suite());
}
