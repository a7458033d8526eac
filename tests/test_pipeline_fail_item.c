/*
 * test_pipeline_fail_item.c - items of a batch that fail alone.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline_support.h"

#include <string.h>

enum { BATCH = 10, EVERY = 3 }; /* things with a multiple of EVERY as their number fail */

/* What the function of the batches does, and what it has seen. */
struct fails {
    unsigned fails_until; /* earlier attempts fail */
    int code;             /* returned by an attempt that fails */
    bool exits;
    atomic_uint calls, largest_retry;
};

static bool is_bad(const struct thing *thing) {
    return thing->n % EVERY == 0;
}

static size_t bad_of(size_t count) {
    return (count + EVERY - 1) / EVERY;
}

static int code_of(const struct thing *thing) {
    return 100 + (int)thing->n;
}

static int fail_some(weir_task *task, void *const *items, size_t count, void *raw) {
    struct fails *fails = raw;
    unsigned attempt = weir_task_attempt(task);
    bool fail = attempt < fails->fails_until;
    int code = fail ? fails->code : 0;
    atomic_fetch_add(&fails->calls, 1);
    if (attempt > 1 && count > atomic_load(&fails->largest_retry))
        atomic_store(&fails->largest_retry, (unsigned)count);
    for (size_t i = 0; i < count; i++) {
        struct thing *thing = items[i];
        if (fail && is_bad(thing))
            assert_status(WEIR_OK, weir_task_fail_item(task, i, code_of(thing), "thing %zu", thing->n));
        else if (code == 0 && !fails->exits)
            thing_consume(thing);
    }
    assert_status(WEIR_INVALID, weir_task_fail_item(task, count, 5, "beyond"));
    if (fails->exits)
        pthread_exit(NULL);
    return code;
}

static weir_pipeline *start_batches(struct fails *fails, weir_stage_options stage) {
    weir_pipeline *pipeline = new_pipeline(NULL);
    stage.name = "batch";
    stage.work.run_batch = fail_some;
    stage.work.arg = fails;
    stage.batch = (weir_batch){.items = BATCH};
    stage.input.drop = thing_drop;
    add_stage(pipeline, stage);
    start_pipeline(pipeline);
    return pipeline;
}

static void expect_letter(const weir_dead_letter *letter, int code, unsigned attempts) {
    struct thing *thing = letter->item;
    char message[40] = "";
    if (code == 0)
        (void)snprintf(message, sizeof message, "thing %zu", thing->n);
    ck_assert(code != 0 || is_bad(thing));
    ck_assert_int_eq(letter->code, code == 0 ? code_of(thing) : code);
    ck_assert_str_eq(letter->message, message);
    ck_assert_uint_eq(letter->attempts, attempts);
}

/* Takes that many letters. If `code` is 0, each has the code of its item. Destroys the queue. */
static void expect_letters(weir_queue *dead, size_t count, int code, unsigned attempts) {
    void *taken;
    size_t letters = 0;
    for (; weir_queue_get(dead, &taken) == WEIR_OK; letters++) {
        expect_letter(taken, code, attempts);
        thing_consume(((weir_dead_letter *)taken)->item);
        weir_dead_letter_free(taken);
    }
    ck_assert_uint_eq(letters, count);
    assert_status(WEIR_OK, weir_queue_tasks_done(dead, letters));
    assert_status(WEIR_OK, weir_queue_destroy(dead));
}

/* ---- the items ---- */

START_TEST (items_that_fail_alone_get_their_own_letters) {
    enum { ALL = 4 * BATCH + 5 };
    struct fails fails = {.fails_until = 9};
    weir_queue *dead = new_queue(WEIR_UNBOUNDED);
    weir_pipeline *pipeline = start_batches(
        &fails, (weir_stage_options){.threads.count = (size_t)_i, .errors.dead = dead, .errors.on_error = WEIR_SKIP});
    put_things(pipeline, ALL);
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    ck_assert_uint_eq(report->counts.dead, bad_of(ALL));
    ck_assert_uint_eq(report->counts.done, ALL - bad_of(ALL));
    ck_assert_uint_eq(report->error_count, bad_of(ALL));
    weir_report_free(report);
    destroy_pipeline(pipeline);
    expect_letters(dead, bad_of(ALL), 0, 1);
    assert_things_ended();
}
END_TEST

START_TEST (without_a_queue_for_letters_they_are_dropped) {
    struct fails fails = {.fails_until = 9};
    weir_pipeline *pipeline = start_batches(&fails, (weir_stage_options){.errors.on_error = WEIR_SKIP});
    put_things(pipeline, BATCH);
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    ck_assert_uint_eq(report->counts.failed, bad_of(BATCH));
    ck_assert_uint_eq(report->counts.done, BATCH - bad_of(BATCH));
    for (size_t i = 0; i < bad_of(BATCH); i++) {
        ck_assert_int_eq(report->errors[i].code, 100 + (int)i * EVERY);
        ck_assert_ptr_nonnull(strstr(report->errors[i].message, "thing "));
    }
    weir_report_free(report);
    destroy_pipeline(pipeline);
    ck_assert_uint_eq(things_dropped(), bad_of(BATCH));
    assert_things_ended();
}
END_TEST

/* The fatal error is that of the first item; the other items of its batch are done. */
START_TEST (an_item_that_fails_alone_ends_the_run) {
    struct fails fails = {.fails_until = 9};
    weir_pipeline *pipeline = start_batches(&fails, (weir_stage_options){.errors.on_error = WEIR_FAIL_FAST});
    put_things(pipeline, BATCH);
    weir_report *report = finish_pipeline(pipeline, WEIR_FAILED);
    ck_assert(report->errors[0].fatal);
    ck_assert_int_eq(report->errors[0].code, 100);
    ck_assert_uint_eq(report->counts.failed, bad_of(BATCH));
    ck_assert_uint_eq(report->counts.done, BATCH - bad_of(BATCH));
    weir_report_free(report);
    destroy_pipeline(pipeline);
    assert_things_ended();
}
END_TEST

/* ---- their retries ---- */

START_TEST (failed_items_are_retried_without_the_others) {
    enum { ALL = 4 * BATCH + 5 };
    struct fails fails = {.fails_until = 3};
    weir_pipeline *pipeline =
        start_batches(&fails, (weir_stage_options){.threads.count = (size_t)(_i / 2) + 1,
                                                   .errors.retry = {.attempts = 3, .backoff = _i % 2 == 0 ? 0 : 1000}});
    put_things(pipeline, ALL);
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    ck_assert_uint_eq(report->counts.done, ALL);
    ck_assert_uint_eq(report->error_count, 2 * bad_of(ALL));
    ck_assert_uint_eq(atomic_load(&fails.calls), 3 * 5);
    ck_assert_uint_lt(atomic_load(&fails.largest_retry), BATCH);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    ck_assert_uint_eq(things_consumed(), ALL);
    assert_things_ended();
}
END_TEST

static bool is_even(int code, void *unused) {
    (void)unused;
    return code % 2 == 0;
}

/* Of 0, 3, 6 and 9, the even ones are retried, and the others given up at once. */
START_TEST (when_is_asked_for_each_item) {
    struct fails fails = {.fails_until = 2};
    weir_queue *dead = new_queue(WEIR_UNBOUNDED);
    weir_pipeline *pipeline =
        start_batches(&fails, (weir_stage_options){.errors.dead = dead,
                                                   .errors.on_error = WEIR_SKIP,
                                                   .errors.retry = {.attempts = 2, .when = is_even}});
    put_things(pipeline, BATCH);
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    ck_assert_uint_eq(report->counts.dead, 2);
    ck_assert_uint_eq(report->counts.done, BATCH - 2);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    ck_assert_uint_eq(atomic_load(&fails.largest_retry), 2);
    expect_letters(dead, 2, 0, 1);
    assert_things_ended();
}
END_TEST

/* ---- calls that do not return 0 ---- */

START_TEST (the_code_of_the_call_holds_for_all_items) {
    struct fails fails = {.fails_until = 9, .code = 7};
    weir_queue *dead = new_queue(WEIR_UNBOUNDED);
    weir_pipeline *pipeline = start_batches(
        &fails,
        (weir_stage_options){.errors.dead = dead, .errors.on_error = WEIR_SKIP, .errors.retry = {.attempts = 2}});
    put_things(pipeline, 2 * BATCH);
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    ck_assert_uint_eq(report->counts.dead, 2 * BATCH);
    ck_assert_uint_eq(report->error_count, 2 * 2);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    ck_assert_uint_eq(atomic_load(&fails.largest_retry), BATCH);
    expect_letters(dead, 2 * BATCH, 7, 2);
    assert_things_ended();
}
END_TEST

START_TEST (a_call_that_ends_its_thread_fails_all_items) {
    struct fails fails = {.fails_until = 9, .exits = true};
    weir_pipeline *pipeline = start_batches(&fails, (weir_stage_options){.threads.count = 1});
    put_things(pipeline, BATCH);
    weir_report *report = finish_pipeline(pipeline, WEIR_FAILED);
    ck_assert_uint_eq(report->counts.failed, BATCH);
    ck_assert_uint_eq(report->error_count, 1);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    assert_things_ended();
}
END_TEST

static int fail_first_and_cancel(weir_task *task, void *const *items, size_t count, void *unused) {
    (void)unused;
    assert_status(WEIR_OK, weir_task_fail_item(task, 0, 5, NULL));
    for (size_t i = 1; i < count; i++)
        thing_consume(items[i]);
    assert_status(WEIR_OK, weir_pipeline_cancel(weir_task_pipeline(task)));
    return 0;
}

START_TEST (after_a_cancel_the_failed_item_is_dropped) {
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_stage(pipeline, (weir_stage_options){.name = "batch",
                                             .work.run_batch = fail_first_and_cancel,
                                             .batch = {.items = BATCH},
                                             .errors.retry = {.attempts = 2},
                                             .input.drop = thing_drop});
    start_pipeline(pipeline);
    put_things(pipeline, BATCH);
    weir_report *report = finish_pipeline(pipeline, WEIR_CANCELLED);
    ck_assert_uint_eq(report->counts.dropped, 1);
    ck_assert_uint_eq(report->counts.done, BATCH - 1);
    ck_assert_uint_eq(report->error_count, 0);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    assert_things_ended();
}
END_TEST

/* ---- results ---- */

/* Emits one result for the batch, which then belongs to the root of the failed item too. */
static int fail_last_and_emit(weir_task *task, void *const *items, size_t count, void *unused) {
    (void)unused;
    for (size_t i = 0; i + 1 < count; i++)
        thing_consume(items[i]);
    weir_task_emit(task, thing_new());
    assert_status(WEIR_OK, weir_task_fail_item(task, count - 1, 5, "first"));
    assert_status(WEIR_OK, weir_task_fail_item(task, count - 1, 0, NULL));
    return 0;
}

START_TEST (a_batch_with_a_failed_item_has_results) {
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.max_items = BATCH});
    add_stage(pipeline, (weir_stage_options){.name = "batch",
                                             .work.run_batch = fail_last_and_emit,
                                             .batch = {.items = BATCH},
                                             .errors.on_error = WEIR_SKIP,
                                             .input.drop = thing_drop});
    add_stage(pipeline, (weir_stage_options){.name = "end", .work.func = consume_thing, .input.drop = thing_drop});
    start_pipeline(pipeline);
    put_things(pipeline, 3 * BATCH);
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    ck_assert_uint_eq(report->counts.failed, 3);
    ck_assert_uint_eq(report->counts.done, 3 * (BATCH - 1));
    ck_assert_uint_eq(stage_in(report, "end")->counts.done, 3);
    ck_assert_uint_eq(report->error_count, 3);
    ck_assert_int_eq(report->errors[0].code, WEIR_CODE(WEIR_FAILED));
    ck_assert_str_eq(report->errors[0].message, "");
    weir_report_free(report);
    destroy_pipeline(pipeline);
    assert_things_ended();
}
END_TEST

/* ---- where it may be called ---- */

static int fail_in_run(weir_task *task, void *item, void *unused) {
    (void)unused;
    assert_status(WEIR_INVALID, weir_task_fail_item(task, 0, 5, NULL));
    weir_task_emit(task, item);
    return 0;
}

static int fail_at_end(weir_task *task, void *unused) {
    (void)unused;
    assert_status(WEIR_INVALID, weir_task_fail_item(task, 0, 5, NULL));
    return 0;
}

START_TEST (other_calls_have_no_items_to_fail) {
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_stage(pipeline, (weir_stage_options){.name = "run", .work.run = fail_in_run, .input.drop = thing_drop});
    add_stage(pipeline, (weir_stage_options){.name = "batch",
                                             .work.run_batch = run_batch_consume,
                                             .work.at_end = fail_at_end,
                                             .batch = {.items = BATCH},
                                             .input.drop = thing_drop});
    start_pipeline(pipeline);
    put_things(pipeline, BATCH);
    finish_and_destroy(pipeline, WEIR_OK);
    assert_things_ended();
}
END_TEST

static Suite *fail_item_suite(void) {
    Suite *suite = suite_create("items of a batch that fail alone");
    TCase *items = add_things_case(suite, "items");
    tcase_add_loop_test(items, items_that_fail_alone_get_their_own_letters, 1, 4);
    tcase_add_test(items, without_a_queue_for_letters_they_are_dropped);
    tcase_add_test(items, an_item_that_fails_alone_ends_the_run);
    TCase *retries = add_things_case(suite, "retries");
    tcase_add_loop_test(retries, failed_items_are_retried_without_the_others, 0, 4);
    tcase_add_test(retries, when_is_asked_for_each_item);
    TCase *calls = add_things_case(suite, "calls");
    tcase_add_test(calls, the_code_of_the_call_holds_for_all_items);
    tcase_add_test(calls, a_call_that_ends_its_thread_fails_all_items);
    tcase_add_test(calls, after_a_cancel_the_failed_item_is_dropped);
    tcase_add_test(calls, a_batch_with_a_failed_item_has_results);
    tcase_add_test(calls, other_calls_have_no_items_to_fail);
    return suite;
}

int main(void) {
    return run_suite(fail_item_suite());
}
