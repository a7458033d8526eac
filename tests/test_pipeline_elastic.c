/*
 * test_pipeline_elastic.c - stages with a number of threads that changes while they run.
 *
 * Calls that block at a gate make a stage grow, without a measurement; no test draws conclusions from a duration.
 *
 * Linked with the library's internals, ledger.c, and faults.c with its dependencies.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline_support.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "faults.h"
#include "ledger.h"

enum { MOST = 6 };

static atomic_uint inits, finis, failing_init, in_init;
static struct gate gate = GATE, init_gate = GATE;

static weir_status count_init(void *arg, void **state) {
    *state = arg;
    unsigned call = atomic_fetch_add(&inits, 1) + 1;
    return call != atomic_load(&failing_init) ? WEIR_OK : weir_init_fail(WEIR_NOMEM, "no room for thread %u", call);
}

static void count_fini(void *state) {
    (void)state;
    atomic_fetch_add(&finis, 1);
}

static void *consume_at_gate(void *thing, void *unused) {
    (void)unused;
    gate_pass(&gate);
    thing_consume(thing);
    return NULL;
}

/* Returns the options of a stage that blocks at the gate, with up to MOST threads. */
static weir_stage_options blocked(void) {
    return (weir_stage_options){.name = "s",
                                .work.func = consume_at_gate,
                                .threads.count = 1,
                                .threads.max = MOST,
                                .work.init = count_init,
                                .work.fini = count_fini};
}

static weir_pipeline *start_stage_with(weir_stage_options options, uint64_t grace) {
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.grace = grace});
    atomic_store(&inits, 0);
    atomic_store(&finis, 0);
    gate = init_gate = (struct gate)GATE;
    options.input.drop = thing_drop;
    add_stage(pipeline, options);
    start_pipeline(pipeline);
    return pipeline;
}

static weir_pipeline *start_stage(weir_stage_options options) {
    return start_stage_with(options, HANG_SECONDS * SECONDS);
}

static bool is_past(weir_deadline limit) {
    return now() > limit;
}

/* Returns a report in which the first stage has that number of threads. */
static weir_report *report_with_threads(weir_pipeline *pipeline, size_t wanted) {
    weir_deadline limit = hang_limit();
    for (;;) {
        weir_report *report = report_of(pipeline);
        if (report->stages[0].threads == wanted)
            return report;
        ck_assert_msg(!is_past(limit), "%zu threads, not %zu", report->stages[0].threads, wanted);
        weir_report_free(report);
        nap();
    }
}

/* ---- growth and shrinking ---- */

START_TEST (grows_while_calls_block_and_says_why) {
    weir_pipeline *pipeline = start_stage(blocked());
    put_things(pipeline, 20);
    gate_wait_for(&gate, MOST);
    weir_report *report = report_with_threads(pipeline, MOST);
    ck_assert_uint_eq(report->stages[0].max_threads, MOST);
    ck_assert_int_eq(report->stages[0].change, WEIR_THREADS_GREW);
    ck_assert_uint_gt(report->stages[0].changed, 0);
    ck_assert_uint_le(report->stages[0].changed, report->elapsed);
    ck_assert_uint_eq(report->stages[0].running, MOST);
    weir_report_free(report);
    gate_open(&gate);
    finish_and_destroy(pipeline, WEIR_OK);
    ck_assert_uint_eq(atomic_load(&inits), MOST);
    ck_assert_uint_eq(atomic_load(&finis), MOST);
    assert_things_ended();
}
END_TEST

START_TEST (a_new_elastic_stage_has_its_least) {
    weir_pipeline *pipeline = start_stage(blocked());
    weir_report *report = report_of(pipeline);
    ck_assert_uint_eq(report->stages[0].threads, 1);
    ck_assert_uint_eq(report->stages[0].max_threads, MOST);
    ck_assert_int_eq(report->stages[0].change, WEIR_THREADS_STARTED);
    ck_assert_uint_eq(report->stages[0].changed, 0);
    weir_report_free(report);
    finish_and_destroy(pipeline, WEIR_OK);
    ck_assert_uint_eq(atomic_load(&inits), 1);
}
END_TEST

START_TEST (an_equal_maximum_is_a_fixed_number) {
    weir_stage_options options = blocked();
    options.threads.count = options.threads.max = 2;
    weir_pipeline *pipeline = start_stage(options);
    put_things(pipeline, 20);
    gate_wait_for(&gate, 2);
    weir_report *report = report_of(pipeline);
    ck_assert_uint_eq(report->stages[0].threads, 2);
    ck_assert_uint_eq(report->stages[0].max_threads, 2);
    weir_report_free(report);
    gate_open(&gate);
    finish_and_destroy(pipeline, WEIR_OK);
    ck_assert_uint_eq(atomic_load(&inits), 2);
}
END_TEST

START_TEST (a_zero_maximum_is_a_fixed_number) {
    weir_pipeline *pipeline =
        start_stage((weir_stage_options){.name = "s", .work.func = consume_thing, .threads.count = 3});
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    ck_assert_uint_eq(report->stages[0].threads, 3);
    ck_assert_uint_eq(report->stages[0].max_threads, 3);
    weir_report_free(report);
    destroy_pipeline(pipeline);
}
END_TEST

/* Threads leave and are joined; their lanes get new ones. The times of the lanes go on. */
START_TEST (shrinks_when_idle_and_grows_again) {
    size_t before = threads_at_rest();
    weir_pipeline *pipeline = start_stage(blocked());
    for (unsigned round = 1; round <= 3; round++) {
        put_things(pipeline, 20);
        gate_wait_for(&gate, MOST);
        gate_open(&gate);
        wait_until_empty(pipeline);
        weir_report *report = report_with_threads(pipeline, 1);
        ck_assert_int_eq(report->stages[0].change, WEIR_THREADS_IDLE);
        const weir_stage_report *stage = &report->stages[0];
        ck_assert_uint_le(stage->busy + stage->starved + stage->blocked, report->elapsed * MOST + MOST * MILLISECONDS);
        weir_report_free(report);
        wait_for_count(&finis, round * (MOST - 1));
        ck_assert(wait_for_threads(before + 2)); /* its thread, and the timer thread */
        gate = (struct gate)GATE;
    }
    gate_open(&gate);
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    ck_assert_uint_eq(report->counts.done, 60);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    ck_assert_uint_eq(atomic_load(&inits), 3 * (MOST - 1) + 1);
    ck_assert_uint_eq(atomic_load(&finis), atomic_load(&inits));
    ck_assert(wait_for_threads(before));
    assert_things_ended();
}
END_TEST

/* ---- with everything that a stage can have ---- */

static void *consume_briefly(void *thing, void *unused) {
    sleep_until(weir_deadline_after(200 * 1000));
    return consume_thing(thing, unused);
}

static int run_briefly(weir_task *task, void *thing, void *unused) {
    sleep_until(weir_deadline_after(100 * 1000 * (((struct thing *)thing)->n % 3)));
    return run_pass_on(task, thing, unused);
}

static int fail_once(weir_task *task, void *thing, void *unused) {
    sleep_until(weir_deadline_after(50 * 1000));
    return weir_task_attempt(task) == 1 && ((struct thing *)thing)->n % 3 == 0 ? 1 : run_consume(task, thing, unused);
}

static int consume_batch_briefly(weir_task *task, void *const *items, size_t count, void *unused) {
    sleep_until(weir_deadline_after(100 * 1000));
    return run_batch_consume(task, items, count, unused);
}

static uint64_t key_of(const void *thing, void *unused) {
    (void)unused;
    return ((const struct thing *)thing)->n % 7;
}

static const weir_stage_options kinds[] = {
    {.work.func = consume_briefly},
    {.work.func = consume_briefly, .limits.rate = 1e5, .limits.burst = 10},
    {.work.run = fail_once, .errors.retry = {.attempts = 2}},
    {.work.run = fail_once, .errors.retry = {.attempts = 2, .backoff = 100 * 1000}},
    {.work.run = fail_once, .errors.retry = {.attempts = 2}, .limits.key = key_of, .limits.per_key = 1},
    {.work.run_batch = consume_batch_briefly, .batch = {.items = 7, .wait = 1000 * 1000}},
    {.work.func = consume_briefly, .input.capacity = 1},
    {.work.func = consume_briefly, .input.capacity = WEIR_UNBOUNDED},
};

START_TEST (each_item_ends_once) {
    weir_stage_options options = kinds[_i];
    options.name = "s";
    options.threads.count = 1;
    options.threads.max = 8;
    weir_pipeline *pipeline = start_stage(options);
    put_things(pipeline, 1000);
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    ck_assert_uint_eq(report->counts.done, 1000);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    ck_assert_uint_eq(things_consumed(), 1000);
}
END_TEST

static atomic_size_t next_in_order;

static void *check_order(void *thing, void *unused) {
    ck_assert_uint_eq(((struct thing *)thing)->n, atomic_fetch_add(&next_in_order, 1));
    return consume_thing(thing, unused);
}

/* The second order is that of both stages: the first one is a func. */
START_TEST (results_of_an_ordered_stage_are_in_order) {
    weir_pipeline *pipeline = new_pipeline(NULL);
    weir_stage_options options = {
        .name = "a", .threads.count = 1, .threads.max = 8, .output.ordered = true, .input.drop = thing_drop};
    atomic_store(&next_in_order, 0);
    options.work.func = hand_back;
    add_stage(pipeline, options);
    options.name = "b";
    options.work.func = NULL;
    options.work.run = run_briefly;
    add_stage(pipeline, options);
    add_stage(pipeline, (weir_stage_options){.name = "c", .work.func = check_order, .input.drop = thing_drop});
    start_pipeline(pipeline);
    put_things(pipeline, 2000);
    finish_and_destroy(pipeline, WEIR_OK);
    ck_assert_uint_eq(atomic_load(&next_in_order), 2000);
    assert_things_ended();
}
END_TEST

static char *trace_text;
static size_t trace_size;

START_TEST (the_trace_has_a_row_for_each_possible_thread) {
    FILE *stream = open_memstream(&trace_text, &trace_size);
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.trace = stream});
    weir_stage_options options = {
        .name = "s", .work.func = consume_briefly, .threads.max = 3, .input.drop = thing_drop};
    add_stage(pipeline, options);
    start_pipeline(pipeline);
    put_things(pipeline, 100);
    finish_and_destroy(pipeline, WEIR_OK);
    fclose(stream);
    ck_assert_ptr_nonnull(strstr(trace_text, "\"s-2\""));
    ck_assert_ptr_null(strstr(trace_text, "\"s-3\""));
    free(trace_text);
}
END_TEST

/* ---- failures ---- */

static void assert_one_error(const weir_report *report, int code, const char *says) {
    ck_assert_uint_eq(report->error_count, 1);
    ck_assert_int_eq(report->errors[0].code, code);
    ck_assert_ptr_nonnull(strstr(report->errors[0].message, says));
    ck_assert(!report->errors[0].fatal);
    ck_assert_str_eq(report->errors[0].stage, "s");
}

static void wait_for_error(weir_pipeline *pipeline) {
    weir_deadline limit = hang_limit();
    for (uint64_t errors = 0; errors == 0; nap()) {
        weir_report *report = report_of(pipeline);
        errors = report->error_count;
        weir_report_free(report);
        ck_assert_msg(!is_past(limit), "no error");
    }
}

/* The stage goes on after the failure, and fails no run. */
static void finish_after_failure(weir_pipeline *pipeline, int code, const char *says) {
    wait_for_error(pipeline);
    fault_set(THREAD, 0, false);
    atomic_store(&failing_init, 0);
    gate_open(&gate);
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    assert_one_error(report, code, says);
    ck_assert_uint_eq(report->counts.done, 20);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    assert_things_ended();
}

START_TEST (an_init_that_fails_in_the_third_thread_is_told_once) {
    atomic_store(&failing_init, 3);
    weir_pipeline *pipeline = start_stage(blocked());
    put_things(pipeline, 20);
    finish_after_failure(pipeline, WEIR_CODE(WEIR_INITFAILED), "no room for thread 3");
    ck_assert_uint_eq(atomic_load(&finis) + 1, atomic_load(&inits)); /* not for the thread in which init failed */
}
END_TEST

START_TEST (a_thread_that_cannot_be_created_is_told_once) {
    weir_pipeline *pipeline = start_stage(blocked());
    fault_set(THREAD, 1 + (size_t)_i, true);
    put_things(pipeline, 20);
    finish_after_failure(pipeline, WEIR_CODE(WEIR_NOTHREAD), "cannot create");
    ck_assert_uint_eq(atomic_load(&inits), 1 + (unsigned)_i);
}
END_TEST

/* The first allocation after the resume is for a thread. */
START_TEST (a_thread_without_memory_is_told_once) {
    weir_stage_options options = blocked();
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.grace = HANG_SECONDS * SECONDS});
    weir_deadline limit = hang_limit();
    gate = (struct gate)GATE;
    options.input.drop = thing_drop;
    weir_stage *stage = add_stage(pipeline, options);
    start_pipeline(pipeline);
    assert_status(WEIR_OK, weir_pipeline_pause(pipeline, stage));
    put_things(pipeline, 20);
    ledger_reset();
    fault_set(ALLOCATION, 1, false);
    assert_status(WEIR_OK, weir_pipeline_resume(pipeline, stage));
    while (ledger_calls() == 0) {
        ck_assert_msg(!is_past(limit), "no growth");
        nap();
    }
    finish_after_failure(pipeline, WEIR_CODE(WEIR_NOMEM), "no memory for another thread");
}
END_TEST

static weir_status init_once(void *arg, void **state) {
    *state = arg;
    return atomic_fetch_add(&inits, 1) == 0 ? WEIR_OK : weir_init_fail(WEIR_NOMEM, "no room for a second thread");
}

/* Three threads are added together, and the init of each fails. */
START_TEST (inits_that_fail_in_several_threads_are_told_once) {
    weir_stage_options options = blocked();
    options.work.init = init_once;
    options.input.drop = thing_drop;
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.grace = HANG_SECONDS * SECONDS});
    atomic_store(&inits, 0);
    gate = (struct gate)GATE;
    weir_stage *stage = add_stage(pipeline, options);
    start_pipeline(pipeline);
    assert_status(WEIR_OK, weir_pipeline_set_threads(pipeline, stage, 4, MOST));
    wait_for_count(&inits, 4);
    put_things(pipeline, 20);
    finish_after_failure(pipeline, WEIR_CODE(WEIR_INITFAILED), "no room for a second thread");
}
END_TEST

static weir_status init_that_ends_its_thread(void *arg, void **state) {
    *state = arg;
    if (atomic_fetch_add(&inits, 1) == 1)
        pthread_exit(NULL);
    return WEIR_OK;
}

START_TEST (an_init_that_ends_its_thread_fails_the_run) {
    weir_stage_options options = blocked();
    options.work.init = init_that_ends_its_thread;
    weir_pipeline *pipeline = start_stage(options);
    put_things(pipeline, 20);
    wait_for_error(pipeline);
    gate_open(&gate);
    weir_report *report = finish_pipeline(pipeline, WEIR_FAILED);
    assert_thread_ended(report, "s", 1);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    assert_things_ended();
}
END_TEST

/* ---- the end beside growth ---- */

static void wait_for_some_at_gate(size_t count) {
    weir_deadline limit = hang_limit();
    while (gate_waiting(&gate) < count) {
        ck_assert_msg(!is_past(limit), "%zu at the gate", gate_waiting(&gate));
        nap();
    }
}

START_TEST (a_cancel_while_it_grows_ends_all_threads) {
    size_t before = threads_at_rest();
    weir_pipeline *pipeline = start_stage(blocked());
    put_things(pipeline, 20);
    wait_for_some_at_gate(1 + (size_t)_i % MOST);
    assert_status(WEIR_OK, weir_pipeline_cancel(pipeline));
    gate_open(&gate);
    finish_and_destroy(pipeline, WEIR_CANCELLED);
    ck_assert_uint_eq(atomic_load(&finis), atomic_load(&inits));
    ck_assert(wait_for_threads(before));
    assert_things_ended();
}
END_TEST

START_TEST (a_finish_while_it_grows_completes_all_items) {
    size_t before = threads_at_rest();
    struct pipeline_call finish = {.call = {.deadline = WEIR_NEVER}};
    finish.pipeline = start_stage(blocked());
    put_things(finish.pipeline, 20);
    call_start(&finish.call, make_pipeline_finish);
    wait_for_some_at_gate(1 + (size_t)_i % MOST);
    gate_open(&gate);
    assert_status(WEIR_OK, call_finish(&finish.call));
    weir_report_free(finish.report);
    destroy_pipeline(finish.pipeline);
    ck_assert_uint_eq(things_consumed(), 20);
    ck_assert_uint_eq(atomic_load(&finis), atomic_load(&inits));
    ck_assert(wait_for_threads(before));
}
END_TEST

static weir_status init_at_gate(void *arg, void **state) {
    *state = arg;
    atomic_fetch_add(&in_init, 1);
    if (atomic_fetch_add(&inits, 1) > 0)
        gate_pass(&init_gate);
    return WEIR_OK;
}

/* An added thread is in its init when the run ends: the end waits for it, and names it. */
START_TEST (an_init_that_takes_long_is_named_at_the_end) {
    weir_stage_options options = blocked();
    weir_report *report = NULL;
    options.work.init = init_at_gate;
    options.threads.max = 2;
    weir_pipeline *pipeline = start_stage_with(options, MILLISECONDS);
    put_things(pipeline, 20);
    gate_wait_for(&init_gate, 1);
    gate_open(&gate);
    wait_until_empty(pipeline);
    assert_status(WEIR_BUSY, weir_pipeline_finish(pipeline, weir_deadline_after(MILLISECONDS), &report));
    ck_assert_uint_eq(report->late_count, 1);
    ck_assert_str_eq(report->late[0].stage, "s");
    ck_assert_uint_eq(report->late[0].number, 1);
    ck_assert_int_eq(report->late[0].where, WEIR_IN_CALLBACK);
    weir_report_free(report);
    gate_open(&init_gate);
    while (weir_pipeline_finish(pipeline, hang_limit(), NULL) == WEIR_BUSY) /* the init may return after the grace */
        nap();
    finish_and_destroy(pipeline, WEIR_OK);
    assert_things_ended();
}
END_TEST

/* ---- refusals ---- */

static const struct refusal {
    weir_stage_options options;
    const char *says;
} refusals[] = {
    {{.name = "s", .work.func = hand_back, .threads.count = 5, .threads.max = 4},
     "stage s: threads.max is 4, and must be 0 or at least threads.count, which is 5"},
    {{.name = "s", .work.source = end_at_once, .threads.count = 2, .threads.max = 3},
     "stage s: threads.max is 3, and must be 0 or equal to threads.count for a source, which has no input"},
    {{.name = "s",
      .work.run_batch = run_batch_consume,
      .batch = {.items = 2},
      .output.ordered = true,
      .threads.max = 2},
     "stage s: threads.max is 2, and must be 0 or 1 for ordered batches"},
    {{.name = "s", .work.func = hand_back, .threads.max = SIZE_MAX}, "and must be at most"},
    {{.name = "s", .work.func = hand_back, .threads.max = 4, .threads.width = 2},
     "stage s: threads.max is 4 and width is 2: a stage has threads of its own, or a width on the crew"},
};

START_TEST (what_cannot_be_elastic_is_refused) {
    weir_pipeline *pipeline = new_pipeline(NULL);
    assert_status(WEIR_INVALID, weir_pipeline_add(pipeline, NULL, &refusals[_i].options));
    ck_assert_ptr_nonnull(strstr(weir_pipeline_message(pipeline), refusals[_i].says));
    destroy_pipeline(pipeline);
}
END_TEST

START_TEST (a_source_may_state_its_number_twice) {
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_stage(pipeline,
              (weir_stage_options){.name = "s", .work.source = end_at_once, .threads.count = 2, .threads.max = 2});
    start_pipeline(pipeline);
    assert_status(WEIR_OK, weir_pipeline_wait(pipeline, WEIR_NEVER));
    finish_and_destroy(pipeline, WEIR_OK);
}
END_TEST

static Suite *elastic_suite(void) {
    Suite *suite = suite_create("pipeline_elastic");
    TCase *tcase = add_things_case(suite, "elastic");
    tcase_add_test(tcase, grows_while_calls_block_and_says_why);
    tcase_add_test(tcase, a_new_elastic_stage_has_its_least);
    tcase_add_test(tcase, an_equal_maximum_is_a_fixed_number);
    tcase_add_test(tcase, a_zero_maximum_is_a_fixed_number);
    tcase_add_test(tcase, shrinks_when_idle_and_grows_again);
    tcase_add_loop_test(tcase, each_item_ends_once, 0, (int)COUNT_OF(kinds));
    tcase_add_test(tcase, results_of_an_ordered_stage_are_in_order);
    tcase_add_test(tcase, the_trace_has_a_row_for_each_possible_thread);
    TCase *failures = add_things_case(suite, "failures");
    tcase_add_test(failures, an_init_that_fails_in_the_third_thread_is_told_once);
    tcase_add_test(failures, inits_that_fail_in_several_threads_are_told_once);
    tcase_add_loop_test(failures, a_thread_that_cannot_be_created_is_told_once, 0, 3);
    tcase_add_test(failures, a_thread_without_memory_is_told_once);
    tcase_add_test(failures, an_init_that_ends_its_thread_fails_the_run);
    TCase *end = add_things_case(suite, "end");
    tcase_add_loop_test(end, a_cancel_while_it_grows_ends_all_threads, 0, 12);
    tcase_add_loop_test(end, a_finish_while_it_grows_completes_all_items, 0, 12);
    tcase_add_test(end, an_init_that_takes_long_is_named_at_the_end);
    TCase *refused = add_case(suite, "refused");
    tcase_add_loop_test(refused, what_cannot_be_elastic_is_refused, 0, (int)COUNT_OF(refusals));
    tcase_add_test(refused, a_source_may_state_its_number_twice);
    return suite;
}

int main(void) {
    return run_suite(elastic_suite());
}
