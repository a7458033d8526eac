/*
 * test_pipeline_tune.c - changes of a running stage's rate and number of threads.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline_support.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

enum { ITEMS = 12, DECLARED = 4, FOREVER = 0 /* index of the rate with one call in thirty years */ };
static const double rates[] = {1e-9, 1e-4, 1e9};

static atomic_uint produced, inits, finis;
static struct gate gate;

static uint64_t key_of_all(const void *item, void *unused) {
    (void)item;
    (void)unused;
    return 1;
}

static int produce(weir_task *task, void *item, void *unused) {
    (void)item;
    (void)unused;
    if (atomic_fetch_add(&produced, 1) >= ITEMS)
        return WEIR_END;
    weir_task_emit(task, thing_new());
    return 0;
}

static const weir_stage_options kinds[] = {
    {.work.func = consume_thing, .threads.count = 1},
    {.work.func = consume_thing, .threads.count = 2, .output.ordered = true},
    {.work.func = consume_thing, .threads.count = 1, .threads.max = DECLARED},
    {.work.func = consume_thing, .threads.width = 1},
    {.work.func = consume_thing, .threads.width = 2, .output.ordered = true},
    {.work.run = run_consume, .threads.count = 2},
    {.work.run = run_consume, .threads.width = 2},
    {.work.run = run_consume, .threads.count = 2, .limits.key = key_of_all, .limits.per_key = 1},
    {.work.run_batch = run_batch_consume, .threads.count = 2, .batch = {.items = 3}},
    {.work.run_batch = run_batch_consume, .threads.width = 1, .batch = {.items = 3}},
};

struct run {
    weir_pipeline *pipeline;
    weir_stage *stage;
};

static struct run start(weir_stage_options options) {
    struct run run = {.pipeline = new_pipeline(&(weir_pipeline_options){.grace = HANG_SECONDS * SECONDS})};
    atomic_store(&produced, 0);
    options.name = "tuned";
    options.input.drop = options.work.source == NULL ? thing_drop : NULL;
    run.stage = add_stage(run.pipeline, options);
    if (options.work.source != NULL)
        add_stage(run.pipeline,
                  (weir_stage_options){.name = "end", .work.func = consume_thing, .input.drop = thing_drop});
    start_pipeline(run.pipeline);
    return run;
}

static void set_rate(struct run run, double rate, size_t burst) {
    assert_status(WEIR_OK, weir_pipeline_set_rate(run.pipeline, run.stage, rate, burst));
}

static void set_threads(struct run run, size_t threads, size_t max_threads) {
    assert_status(WEIR_OK, weir_pipeline_set_threads(run.pipeline, run.stage, threads, max_threads));
}

static void expect_limit(struct run run, double limit) {
    weir_report *report = report_of(run.pipeline);
    ck_assert_double_eq(stage_in(report, "tuned")->limit, limit);
    weir_report_free(report);
}

/* ---- the rate ---- */

/* The first call, or batch, comes at once. What the others wait for, the next rate decides. */
START_TEST (a_rate_holds_up_calls_until_it_is_changed) {
    struct run run = start(kinds[_i]);
    unsigned first = kinds[_i].work.run_batch != NULL ? 3 : 1;
    set_rate(run, rates[FOREVER], 0);
    expect_limit(run, rates[FOREVER]);
    put_things(run.pipeline, ITEMS);
    wait_for_consumed(first);
    let_them_err();
    ck_assert_uint_eq(things_consumed(), first);
    set_rate(run, rates[1], 1);
    let_them_err();
    ck_assert_uint_eq(things_consumed(), first);
    set_rate(run, rates[2], 0);
    expect_limit(run, rates[2]);
    wait_for_consumed(ITEMS);
    finish_and_destroy(run.pipeline, WEIR_OK);
    assert_things_ended();
}
END_TEST

START_TEST (without_a_rate_calls_go_on_at_once) {
    struct run run = start(kinds[_i]);
    set_rate(run, rates[FOREVER], 0);
    put_things(run.pipeline, ITEMS);
    wait_for_consumed(1);
    set_rate(run, 0, 0);
    expect_limit(run, 0);
    wait_for_consumed(ITEMS);
    finish_and_destroy(run.pipeline, WEIR_OK);
    assert_things_ended();
}
END_TEST

/* The rate came while its threads waited for the resume. */
START_TEST (a_rate_that_is_set_in_a_pause_holds_after_it) {
    struct run run = start(kinds[_i]);
    unsigned first = kinds[_i].work.run_batch != NULL ? 3 : 1;
    assert_status(WEIR_OK, weir_pipeline_pause(run.pipeline, run.stage));
    put_things(run.pipeline, ITEMS);
    let_them_err();
    set_rate(run, rates[FOREVER], 0);
    assert_status(WEIR_OK, weir_pipeline_resume(run.pipeline, run.stage));
    wait_for_consumed(first);
    let_them_err();
    ck_assert_uint_eq(things_consumed(), first);
    set_rate(run, 0, 0);
    finish_and_destroy(run.pipeline, WEIR_OK);
    assert_things_ended();
}
END_TEST

START_TEST (a_burst_allows_calls_at_once) {
    struct run run = start((weir_stage_options){.work.run = run_consume, .threads.count = 1});
    set_rate(run, rates[1], 5);
    put_things(run.pipeline, ITEMS);
    wait_for_consumed(5);
    let_them_err();
    ck_assert_uint_eq(things_consumed(), 5);
    assert_status(WEIR_OK, weir_pipeline_cancel(run.pipeline));
    assert_status(WEIR_CLOSED, weir_pipeline_set_rate(run.pipeline, run.stage, 1, 0));
    finish_and_destroy(run.pipeline, WEIR_CANCELLED);
    assert_things_ended();
}
END_TEST

static const weir_stage_options sources[] = {
    {.work.source = produce, .threads.count = 1},
    {.work.source = produce, .threads.count = 3},
    {.work.source = produce, .threads.width = 1},
    {.work.source = produce, .limits.rate = 1e9, .threads.count = 1},
};

/* What the source has emitted does not wait with it. */
START_TEST (a_source_has_a_rate) {
    struct run run = start(sources[_i]);
    set_rate(run, rates[FOREVER], 0);
    let_them_err();
    set_rate(run, 0, 0);
    assert_status(WEIR_OK, weir_pipeline_wait(run.pipeline, hang_limit()));
    assert_status(WEIR_OK, weir_pipeline_set_rate(run.pipeline, run.stage, 1, 0));
    finish_and_destroy(run.pipeline, WEIR_OK);
    ck_assert_uint_eq(things_consumed(), ITEMS);
    assert_things_ended();
}
END_TEST

START_TEST (a_finish_that_takes_too_long_is_hurried) {
    struct run run =
        start((weir_stage_options){.work.run = run_consume, .threads.count = 1, .limits.rate = rates[FOREVER]});
    put_things(run.pipeline, ITEMS);
    struct pipeline_call finish = {.pipeline = run.pipeline};
    finish.call.deadline = WEIR_NEVER;
    call_start(&finish.call, make_pipeline_finish);
    wait_for_consumed(1);
    weir_run_state state;
    do {
        weir_report *report = report_of(run.pipeline);
        state = report->state;
        weir_report_free(report);
    } while (state != WEIR_RUN_DRAINING);
    set_rate(run, 1e6, 0);
    assert_status(WEIR_OK, call_finish(&finish.call));
    weir_report_free(finish.report);
    ck_assert_uint_eq(things_consumed(), ITEMS);
    assert_status(WEIR_CLOSED, weir_pipeline_set_rate(run.pipeline, run.stage, 1, 0));
    destroy_pipeline(run.pipeline);
    assert_things_ended();
}
END_TEST

/* ---- threads ---- */

static weir_status count_init(void *arg, void **state) {
    *state = arg;
    atomic_fetch_add(&inits, 1);
    return WEIR_OK;
}

static void count_fini(void *state) {
    (void)state;
    atomic_fetch_add(&finis, 1);
}

static void *wait_at_gate(void *thing, void *unused) {
    gate_pass(&gate);
    return consume_thing(thing, unused);
}

static struct run start_elastic(void) {
    gate = (struct gate)GATE;
    atomic_store(&inits, 0);
    atomic_store(&finis, 0);
    return start((weir_stage_options){.work.func = wait_at_gate,
                                      .work.init = count_init,
                                      .work.fini = count_fini,
                                      .threads.count = 1,
                                      .threads.max = DECLARED});
}

static void expect_threads(struct run run, size_t threads, size_t most) {
    for (weir_deadline limit = hang_limit();;) {
        weir_report *report = report_of(run.pipeline);
        const weir_stage_report *stage = stage_in(report, "tuned");
        bool there = stage->threads == threads && stage->max_threads == most && stage->change == WEIR_THREADS_SET;
        weir_report_free(report);
        if (there)
            return;
        ck_assert_uint_lt(now(), limit);
        nap();
    }
}

/* Without items the stage would keep one thread. */
START_TEST (limits_hold_without_a_load) {
    struct run run = start_elastic();
    set_threads(run, 3, DECLARED);
    expect_threads(run, 3, DECLARED);
    set_threads(run, DECLARED, DECLARED);
    expect_threads(run, DECLARED, DECLARED);
    set_threads(run, 2, 2);
    expect_threads(run, 2, 2);
    wait_for_count(&finis, 2);
    gate_open(&gate);
    put_things(run.pipeline, ITEMS);
    finish_and_destroy(run.pipeline, WEIR_OK);
    ck_assert_uint_eq(atomic_load(&inits), DECLARED);
    ck_assert_uint_eq(atomic_load(&finis), DECLARED);
    assert_things_ended();
}
END_TEST

/* With items that wait it would grow. */
START_TEST (limits_hold_under_a_load) {
    struct run run = start_elastic();
    set_threads(run, 2, 2);
    expect_threads(run, 2, 2);
    put_things(run.pipeline, ITEMS);
    gate_wait_for(&gate, 2);
    let_them_err();
    ck_assert_uint_eq(gate_waiting(&gate), 2);
    set_threads(run, 1, 3);
    gate_wait_for(&gate, 3);
    set_threads(run, 1, 1);
    gate_open(&gate);
    expect_threads(run, 1, 1);
    finish_and_destroy(run.pipeline, WEIR_OK);
    ck_assert_uint_eq(things_consumed(), ITEMS);
    ck_assert_uint_eq(atomic_load(&finis), atomic_load(&inits));
    assert_things_ended();
}
END_TEST

START_TEST (a_paused_stage_changes_as_it_resumes) {
    struct run run = start_elastic();
    gate_open(&gate);
    assert_status(WEIR_OK, weir_pipeline_pause(run.pipeline, run.stage));
    set_threads(run, 3, 3);
    put_things(run.pipeline, ITEMS);
    let_them_err();
    weir_report *report = report_of(run.pipeline);
    ck_assert_uint_eq(stage_in(report, "tuned")->threads, 1);
    weir_report_free(report);
    assert_status(WEIR_OK, weir_pipeline_resume(run.pipeline, run.stage));
    expect_threads(run, 3, 3);
    finish_and_destroy(run.pipeline, WEIR_OK);
    assert_things_ended();
}
END_TEST

static struct run changed;
static atomic_bool enough;

static void *change_it(void *seed) {
    unsigned state = *(unsigned *)seed;
    while (!atomic_load(&enough)) {
        state = state * 1664525 + 1013904223;
        size_t least = 1 + (state >> 8) % DECLARED, most = least + (state >> 16) % (DECLARED + 1 - least);
        set_threads(changed, least, most);
        set_rate(changed, (state >> 20) % 3 == 0 ? 0 : 1e6, 0);
        nap();
    }
    return NULL;
}

/* Two threads change both, while items pass. */
START_TEST (no_item_is_lost_by_changes) {
    enum { MANY = 2000 };
    changed = start((weir_stage_options){.work.run = run_consume, .threads.count = 1, .threads.max = DECLARED});
    atomic_store(&enough, false);
    pthread_t threads[2];
    unsigned seeds[2] = {7, 8};
    for (size_t i = 0; i < 2; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, change_it, &seeds[i]), 0);
    for (size_t i = 0; i < MANY; i += 100) {
        put_things(changed.pipeline, 100);
        nap();
    }
    atomic_store(&enough, true);
    for (size_t i = 0; i < 2; i++)
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
    weir_report *report = finish_pipeline(changed.pipeline, WEIR_OK);
    ck_assert_uint_eq(report->counts.done, MANY);
    weir_report_free(report);
    assert_status(WEIR_CLOSED, weir_pipeline_set_threads(changed.pipeline, changed.stage, 1, 1));
    destroy_pipeline(changed.pipeline);
    assert_things_ended();
}
END_TEST

/* ---- refusals ---- */

static void expect_message(const weir_pipeline *pipeline, const char *message) {
    ck_assert_msg(strstr(weir_pipeline_message(pipeline), message) != NULL, "\"%s\"", weir_pipeline_message(pipeline));
}

static const struct bad_rate {
    double rate;
    size_t burst;
    const char *message;
} bad_rates[] = {
    {-1, 0, "stage tuned: rate must be between 0 and 1e9 per second, and is -1.0/s"},
    {2e9, 0, "stage tuned: rate must be between 0 and 1e9 per second, and is 2000 M/s"},
    {NAN, 0, "stage tuned: rate must be between 0 and 1e9 per second, and is NaN"},
    {0, 3, "stage tuned: burst is 3, and rate is 0"},
};

START_TEST (a_bad_rate_is_refused) {
    struct run run = start((weir_stage_options){.work.run = run_consume, .threads.count = 1, .limits.rate = 1000});
    const struct bad_rate *bad = &bad_rates[_i];
    assert_status(WEIR_INVALID, weir_pipeline_set_rate(run.pipeline, run.stage, bad->rate, bad->burst));
    expect_message(run.pipeline, bad->message);
    expect_limit(run, 1000);
    finish_and_destroy(run.pipeline, WEIR_OK);
}
END_TEST

static const struct bad_threads {
    weir_stage_options options;
    size_t threads, most;
    const char *message;
} bad_threads[] = {
    {{.work.func = consume_thing, .threads.count = 2},
     1,
     1,
     "stage tuned: set_threads: its number of threads is fixed: declare it"},
    {{.work.func = consume_thing, .threads.width = 2},
     1,
     1,
     "stage tuned: set_threads: its number of threads is fixed"},
    {{.work.func = consume_thing, .threads.count = 2, .threads.max = 8}, 0, 1, "count is 0, and must be at least 1"},
    {{.work.func = consume_thing, .threads.count = 2, .threads.max = 8}, 3, 2, "max is 2, and must be at least count"},
    {{.work.func = consume_thing, .threads.count = 2, .threads.max = 8}, 1, 9, "max is 9, and was declared as 8"},
};

START_TEST (bad_numbers_of_threads_are_refused) {
    const struct bad_threads *bad = &bad_threads[_i];
    struct run run = start(bad->options);
    assert_status(WEIR_INVALID, weir_pipeline_set_threads(run.pipeline, run.stage, bad->threads, bad->most));
    expect_message(run.pipeline, bad->message);
    finish_and_destroy(run.pipeline, WEIR_OK);
}
END_TEST

static weir_status change_in_init(void *arg, void **state) {
    weir_pipeline *pipeline = ((struct run *)arg)->pipeline;
    weir_stage *stage = ((struct run *)arg)->stage;
    (void)state;
    assert_status(WEIR_INVALID, weir_pipeline_pause(pipeline, stage));
    assert_status(WEIR_INVALID, weir_pipeline_resume(pipeline, stage));
    assert_status(WEIR_INVALID, weir_pipeline_set_threads(pipeline, stage, 1, 1));
    assert_status(WEIR_INVALID, weir_pipeline_set_rate(pipeline, stage, 1, 0));
    expect_message(pipeline, "set_rate: the pipeline is not started");
    return WEIR_OK;
}

START_TEST (an_init_cannot_change_a_pipeline_that_starts) {
    struct run run = {.pipeline = new_pipeline(NULL)};
    run.stage = add_stage(
        run.pipeline,
        (weir_stage_options){
            .name = "a", .work.run = run_consume, .work.init = change_in_init, .work.arg = &run, .threads.count = 1});
    start_pipeline(run.pipeline);
    finish_and_destroy(run.pipeline, WEIR_OK);
}
END_TEST

START_TEST (a_stage_that_does_not_run_is_refused) {
    weir_pipeline *pipeline = new_pipeline(NULL);
    weir_stage *stage = add_stage(pipeline, (weir_stage_options){.name = "a", .work.func = consume_thing});
    assert_status(WEIR_INVALID, weir_pipeline_set_rate(NULL, stage, 1, 0));
    expect_message(NULL, "set_rate: the pipeline is NULL");
    assert_status(WEIR_INVALID, weir_pipeline_set_threads(NULL, stage, 1, 1));
    assert_status(WEIR_INVALID, weir_pipeline_set_rate(pipeline, stage, 1, 0));
    expect_message(pipeline, "set_rate: the pipeline is not started");
    struct run run = start(kinds[0]);
    assert_status(WEIR_INVALID, weir_pipeline_set_rate(run.pipeline, NULL, 1, 0));
    expect_message(run.pipeline, "set_rate: the stage is NULL");
    assert_status(WEIR_INVALID, weir_pipeline_set_threads(run.pipeline, stage, 1, 1));
    expect_message(run.pipeline, "set_threads: the stage is of another pipeline");
    finish_and_destroy(run.pipeline, WEIR_OK);
    destroy_pipeline(pipeline);
}
END_TEST

static Suite *tune_suite(void) {
    Suite *suite = suite_create("changes of a running stage");
    TCase *rate = add_things_case(suite, "rate");
    tcase_add_loop_test(rate, a_rate_holds_up_calls_until_it_is_changed, 0, COUNT_OF(kinds));
    tcase_add_loop_test(rate, without_a_rate_calls_go_on_at_once, 0, COUNT_OF(kinds));
    tcase_add_loop_test(rate, a_rate_that_is_set_in_a_pause_holds_after_it, 0, COUNT_OF(kinds));
    tcase_add_test(rate, a_burst_allows_calls_at_once);
    tcase_add_loop_test(rate, a_source_has_a_rate, 0, COUNT_OF(sources));
    tcase_add_test(rate, a_finish_that_takes_too_long_is_hurried);
    TCase *threads = add_things_case(suite, "threads");
    tcase_add_test(threads, limits_hold_without_a_load);
    tcase_add_test(threads, limits_hold_under_a_load);
    tcase_add_test(threads, a_paused_stage_changes_as_it_resumes);
    tcase_add_test(threads, no_item_is_lost_by_changes);
    TCase *refusals = add_things_case(suite, "refusals");
    tcase_add_loop_test(refusals, a_bad_rate_is_refused, 0, COUNT_OF(bad_rates));
    tcase_add_loop_test(refusals, bad_numbers_of_threads_are_refused, 0, COUNT_OF(bad_threads));
    tcase_add_test(refusals, an_init_cannot_change_a_pipeline_that_starts);
    tcase_add_test(refusals, a_stage_that_does_not_run_is_refused);
    return suite;
}

int main(void) {
    return run_suite(tune_suite());
}
