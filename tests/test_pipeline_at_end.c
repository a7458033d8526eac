/*
 * test_pipeline_at_end.c - at_end: the end of a stage's input, in each of its threads.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline_support.h"

#include <stdlib.h>
#include <string.h>

enum { ITEMS = 300, COUNTED = 1 << 20 }; /* a thing that stands for n others has COUNTED + n in `of` */

/* ---- a fold: each thread counts its items, and emits the count ---- */

struct fold {
    unsigned copies;   /* results of each at_end */
    atomic_uint inits; /* also those of a start that is refused */
    atomic_uint ends;  /* calls of at_end */
    atomic_uint finis; /* calls of fini */
    atomic_uint wrong; /* calls out of order, or on a wrong task */
};

struct count {
    struct fold *fold;
    size_t items;
    bool ended;
};

static weir_status begin_count(void *fold, void **state) {
    struct count *count = malloc(sizeof *count);
    if (count == NULL)
        return WEIR_NOMEM;
    *count = (struct count){.fold = fold};
    atomic_fetch_add(&count->fold->inits, 1);
    *state = count;
    return WEIR_OK;
}

static size_t value_of(const struct thing *thing) {
    return thing->of < COUNTED ? 1 : thing->of - COUNTED;
}

static int count_thing(weir_task *task, void *thing, void *raw) {
    struct count *count = raw;
    (void)task;
    atomic_fetch_add(&count->fold->wrong, count->ended);
    count->items += value_of(thing);
    thing_consume(thing);
    return 0;
}

static int count_batch(weir_task *task, void *const *things, size_t size, void *raw) {
    for (size_t i = 0; i < size; i++)
        (void)count_thing(task, things[i], raw);
    return 0;
}

/* Emits the count in a first thing, and further ones that count nothing. */
static int emit_count(weir_task *task, void *raw) {
    struct count *count = raw;
    bool right = weir_task_attempt(task) == 1 && !weir_task_cancelled(task) && weir_task_batch_reason(task) == 0 &&
                 weir_task_deadline(task) == WEIR_NEVER && weir_task_pipeline(task) != NULL &&
                 weir_task_retry_after(task, 1) == WEIR_INVALID;
    atomic_fetch_add(&count->fold->wrong, count->ended || !right);
    atomic_fetch_add(&count->fold->ends, 1);
    count->ended = true;
    for (unsigned i = 0; i < count->fold->copies; i++) {
        struct thing *thing = thing_new();
        thing->of = COUNTED + (i == 0 ? count->items : 0);
        weir_task_emit(task, thing);
    }
    return 0;
}

static void end_count(void *raw) {
    struct count *count = raw;
    atomic_fetch_add(&count->fold->wrong, !count->ended);
    atomic_fetch_add(&count->fold->finis, 1);
    free(count);
}

static weir_stage_options counting(const char *name, struct fold *fold, size_t threads) {
    return (weir_stage_options){.name = name,
                                .work.run = count_thing,
                                .work.arg = fold,
                                .work.init = begin_count,
                                .work.fini = end_count,
                                .work.at_end = emit_count,
                                .threads.count = threads,
                                .input.drop = thing_drop};
}

/* Returns the sum of the counts in a queue, which is shut down. */
static size_t sum_of(weir_queue *results) {
    size_t sum = 0;
    void *thing;
    while (weir_queue_get(results, &thing) == WEIR_OK) {
        sum += value_of(thing);
        thing_consume(thing);
    }
    return sum;
}

static void assert_fold(struct fold *fold, unsigned threads) {
    ck_assert_uint_eq(atomic_load(&fold->ends), threads);
    ck_assert_uint_eq(atomic_load(&fold->finis), threads);
    ck_assert_uint_eq(atomic_load(&fold->wrong), 0);
}

/* A fold of folds: the second one counts what the first ones have counted, so none of their results may come late. */
START_TEST (a_fold_emits_after_the_last_item) {
    struct fold first = {.copies = 3}, second = {.copies = 1};
    size_t threads = (size_t)_i % 3 + 1;
    weir_queue *results = new_queue(WEIR_UNBOUNDED);
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.max_items = _i / 3 & 1 ? 4 : 0});
    weir_stage_options one = counting("first", &first, threads), two = counting("second", &second, 1);
    one.output.ordered = _i / 3 & 2;
    two.output.ordered = _i / 3 & 4;
    two.input.capacity = 1;
    two.output.results = results;
    add_stage(pipeline, one);
    add_stage(pipeline, two);
    start_pipeline(pipeline);
    put_things(pipeline, ITEMS);
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    size_t emitted = threads * 3;
    ck_assert_uint_eq(report->counts.in, ITEMS + emitted + 1);
    ck_assert_uint_eq(report->counts.done, ITEMS + emitted + 1);
    ck_assert_uint_eq(report->stages[0].counts.in, ITEMS + emitted);
    ck_assert_uint_eq(report->stages[1].counts.in, emitted + 1);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    assert_fold(&first, (unsigned)threads);
    assert_fold(&second, 1);
    ck_assert_uint_eq(sum_of(results), ITEMS);
    assert_things_ended();
    assert_status(WEIR_OK, weir_queue_destroy(results));
}
END_TEST

/* The batch that the end of the input completes is called before at_end; so are items in back-off, or behind a key. */
static uint64_t one_key(const void *item, void *arg) {
    (void)item;
    (void)arg;
    return 7;
}

static int fail_once(weir_task *task, void *thing, void *raw) {
    if (weir_task_attempt(task) == 1)
        return weir_task_fail(task, 5, "once");
    return count_thing(task, thing, raw);
}

START_TEST (all_that_waits_in_the_stage_comes_first) {
    struct fold fold = {.copies = 1};
    weir_queue *results = new_queue(WEIR_UNBOUNDED);
    weir_pipeline *pipeline = new_pipeline(NULL);
    weir_stage_options stage = counting("stage", &fold, 2);
    stage.output.results = results;
    if (_i == 0) {
        stage.work.run = NULL;
        stage.work.run_batch = count_batch;
        stage.batch.items = 64;
        stage.batch.wait = 1000 * SECONDS;
    } else {
        stage.work.run = fail_once;
        stage.errors.retry.attempts = 2;
        stage.errors.retry.backoff = _i == 1 ? MILLISECONDS / 10 : 0;
        stage.limits.key = _i == 2 ? one_key : NULL;
        stage.limits.per_key = _i == 2;
    }
    add_stage(pipeline, stage);
    start_pipeline(pipeline);
    put_things(pipeline, 100);
    finish_and_destroy(pipeline, WEIR_OK);
    ck_assert_uint_eq(sum_of(results), 100);
    assert_fold(&fold, 2);
    assert_things_ended();
    assert_status(WEIR_OK, weir_queue_destroy(results));
}
END_TEST

/* A func stage in a pipeline that would be plain without at_end; without init, the state is `arg`. */
static void *tally(void *thing, void *sum) {
    atomic_fetch_add((atomic_uint *)sum, 1);
    thing_consume(thing);
    return NULL;
}

static int emit_tally(weir_task *task, void *sum) {
    struct thing *thing = thing_new();
    thing->of = COUNTED + atomic_load((atomic_uint *)sum);
    weir_task_emit(task, thing);
    return 0;
}

static void *keep_last(void *thing, void *last) {
    if (thing != NULL) {
        atomic_store((atomic_uint *)last, (unsigned)value_of(thing));
        thing_consume(thing);
    }
    return NULL;
}

START_TEST (a_func_without_init_has_one_thread) {
    atomic_uint sum = 0, last = 0;
    weir_pipeline *pipeline = new_pipeline(NULL);
    weir_stage_options stage = {
        .name = "tally", .work.func = tally, .work.arg = &sum, .work.at_end = emit_tally, .input.drop = thing_drop};
    stage.output.ordered = _i == 1;
    assert_status(WEIR_OK, weir_pipeline_add(pipeline, NULL, &stage));
    stage = (weir_stage_options){.name = "last", .work.func = keep_last, .work.arg = &last, .output.ordered = _i == 1};
    stage.threads.count = _i == 1 ? 3 : 0;
    assert_status(WEIR_OK, weir_pipeline_add(pipeline, NULL, &stage));
    start_pipeline(pipeline);
    weir_report *report = report_of(pipeline);
    ck_assert(!report->stages[0].on_crew);
    ck_assert_uint_eq(report->stages[0].threads, 1);
    weir_report_free(report);
    put_things(pipeline, ITEMS);
    finish_and_destroy(pipeline, WEIR_OK);
    ck_assert_uint_eq(atomic_load(&last), ITEMS);
    assert_things_ended();
}
END_TEST

/* Threads that leave an elastic stage emit what they have counted; a thread that comes late has an at_end too. */
static int count_slowly(weir_task *task, void *thing, void *raw) {
    sleep_until(weir_deadline_after(200 * 1000));
    return count_thing(task, thing, raw);
}

START_TEST (threads_that_come_and_leave_have_their_ends) {
    struct fold fold = {.copies = 1};
    weir_queue *results = new_queue(WEIR_UNBOUNDED);
    weir_pipeline *pipeline = new_pipeline(NULL);
    weir_stage_options stage = counting("stage", &fold, 1);
    stage.work.run = count_slowly;
    stage.threads.max = 4;
    stage.output.results = results;
    add_stage(pipeline, stage);
    start_pipeline(pipeline);
    size_t put = 0;
    while (put < 100 || (atomic_load(&fold.inits) < 2 && put < 20000))
        put_things(pipeline, 100), put += 100;
    if (_i == 1) { /* idle threads leave within a second */
        wait_until_empty(pipeline);
        wait_for_count(&fold.ends, 1);
    }
    finish_and_destroy(pipeline, WEIR_OK);
    ck_assert_uint_ge(atomic_load(&fold.inits), 2);
    assert_fold(&fold, atomic_load(&fold.inits));
    ck_assert_uint_eq(sum_of(results), put);
    assert_things_ended();
    assert_status(WEIR_OK, weir_queue_destroy(results));
}
END_TEST

/* ---- failures ---- */

static int fail_at_end(weir_task *task, void *gate) {
    (void)gate;
    return weir_task_fail(task, 28, "cannot write %s", "the trailer");
}

static int end_at_end(weir_task *task, void *unused) {
    (void)task;
    (void)unused;
    return WEIR_END;
}

START_TEST (a_failure_is_an_error_of_the_stage) {
    bool skips = _i & 1, ends = _i & 2;
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_stage(pipeline, (weir_stage_options){.name = "writes",
                                             .work.run = run_pass_on,
                                             .work.at_end = ends ? end_at_end : fail_at_end,
                                             .errors.on_error = skips ? WEIR_SKIP : WEIR_FAIL_FAST,
                                             .input.drop = thing_drop});
    add_stage(pipeline, (weir_stage_options){.name = "end", .work.func = consume_thing, .input.drop = thing_drop});
    start_pipeline(pipeline);
    put_things(pipeline, 10);
    weir_report *report = finish_pipeline(pipeline, skips ? WEIR_OK : WEIR_FAILED);
    ck_assert_uint_eq(report->kept_errors, 1);
    const weir_error *error = &report->errors[0];
    ck_assert_str_eq(error->stage, "writes");
    ck_assert_int_eq(error->code, ends ? WEIR_CODE(WEIR_INVALID) : 28);
    ck_assert_ptr_nonnull(strstr(error->message, ends ? "WEIR_END" : "cannot write the trailer"));
    ck_assert_uint_eq(error->attempts, 1);
    ck_assert_int_eq(error->fatal, !skips);
    ck_assert_uint_eq(report->stages[0].counts.in, 11);
    ck_assert_uint_eq(report->stages[0].counts.done, 10);
    ck_assert_uint_eq(report->stages[0].counts.failed, 1);
    ck_assert_uint_eq(report->counts.in, 10); /* no item has entered by the call */
    weir_report_free(report);
    destroy_pipeline(pipeline);
    assert_things_ended();
}
END_TEST

static int call_of_end(weir_task *task, void *calls) {
    (void)task;
    atomic_fetch_add((atomic_uint *)calls, 1);
    return 0;
}

START_TEST (a_cancelled_run_has_no_ends) {
    atomic_uint calls = 0;
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_stage(pipeline, (weir_stage_options){.name = "stage",
                                             .work.run = run_consume,
                                             .work.arg = &calls,
                                             .work.at_end = call_of_end,
                                             .input.drop = thing_drop});
    start_pipeline(pipeline);
    put_things(pipeline, 10);
    assert_status(WEIR_OK, weir_pipeline_cancel(pipeline));
    finish_and_destroy(pipeline, WEIR_CANCELLED);
    ck_assert_uint_eq(atomic_load(&calls), 0);
    assert_things_ended();
}
END_TEST

static int exit_at_end(weir_task *task, void *unused) {
    (void)unused;
    weir_task_emit(task, thing_new());
    pthread_exit(NULL);
}

START_TEST (it_must_not_end_its_thread) {
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_stage(pipeline, (weir_stage_options){.name = "leaves",
                                             .work.run = run_pass_on,
                                             .work.at_end = exit_at_end,
                                             .threads.count = (size_t)_i + 1,
                                             .errors.on_error = WEIR_SKIP,
                                             .input.drop = thing_drop});
    add_stage(pipeline, (weir_stage_options){.name = "end", .work.func = consume_thing, .input.drop = thing_drop});
    start_pipeline(pipeline);
    put_things(pipeline, 10);
    weir_report *report = finish_pipeline(pipeline, WEIR_FAILED);
    assert_thread_ended(report, "leaves", 1);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    assert_things_ended();
}
END_TEST

/* ---- ends that take long ---- */

static int emit_behind_gate(weir_task *task, void *gate) {
    gate_pass(gate);
    weir_task_emit(task, thing_new());
    return 0;
}

static weir_pipeline *ending_at(struct gate *gate) {
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.grace = MILLISECONDS});
    add_stage(pipeline, (weir_stage_options){.name = "slow",
                                             .work.run = run_pass_on,
                                             .work.arg = gate,
                                             .work.at_end = emit_behind_gate,
                                             .input.drop = thing_drop});
    add_stage(pipeline, (weir_stage_options){.name = "end", .work.func = consume_thing, .input.drop = thing_drop});
    start_pipeline(pipeline);
    put_things(pipeline, 10);
    return pipeline;
}

/* Finishes again while functions have not returned within the grace, and destroys the pipeline. */
static void finish_late(weir_pipeline *pipeline, weir_status wanted) {
    weir_status status;
    for (weir_deadline limit = hang_limit(); (status = weir_pipeline_finish(pipeline, 0, NULL)) == WEIR_BUSY; nap())
        ck_assert_uint_lt(now(), limit);
    assert_status(wanted, status);
    destroy_pipeline(pipeline);
}

/* A run that has ended without a call of at_end, because its deadline had passed, is no success. */
START_TEST (a_success_has_called_it) {
    atomic_uint calls = 0;
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_stage(pipeline, (weir_stage_options){.name = "stage",
                                             .work.run = run_consume,
                                             .work.arg = &calls,
                                             .work.at_end = call_of_end,
                                             .input.drop = thing_drop});
    start_pipeline(pipeline);
    put_things(pipeline, 10);
    wait_until_empty(pipeline);
    weir_status status = weir_pipeline_finish(pipeline, _i == 0 ? 0 : weir_deadline_after(1000), NULL);
    ck_assert_int_eq(status, atomic_load(&calls) == 1 ? WEIR_OK : WEIR_TIMEDOUT);
    destroy_pipeline(pipeline);
    assert_things_ended();
}
END_TEST

/* Nor is one in which the deadline has made it fail. */
static int sleep_at_end(weir_task *task, void *calls) {
    atomic_fetch_add((atomic_uint *)calls, 1);
    weir_status status = weir_task_poll(task, -1, 0, WEIR_NEVER);
    return status == WEIR_CANCELLED ? weir_task_fail(task, 4, "told") : 0;
}

START_TEST (a_call_that_the_deadline_ends_is_no_success) {
    atomic_uint calls = 0;
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_stage(pipeline, (weir_stage_options){.name = "stage",
                                             .work.run = run_consume,
                                             .work.arg = &calls,
                                             .work.at_end = sleep_at_end,
                                             .input.drop = thing_drop});
    start_pipeline(pipeline);
    struct pipeline_call finish = {.pipeline = pipeline, .call.deadline = WEIR_NEVER};
    call_start(&finish.call, make_pipeline_finish);
    wait_for_count(&calls, 1);
    assert_status(WEIR_TIMEDOUT, weir_pipeline_finish(pipeline, 0, NULL));
    assert_status(WEIR_TIMEDOUT, call_finish(&finish.call));
    ck_assert_uint_eq(finish.report->error_count, 0);
    weir_report_free(finish.report);
    destroy_pipeline(pipeline);
}
END_TEST

/* An earlier deadline, or a cancel, ends the wait of a finish without one; the report names the thread. */
START_TEST (the_wait_for_it_ends_in_time) {
    struct gate gate = GATE;
    weir_pipeline *pipeline = ending_at(&gate);
    struct pipeline_call finish = {.pipeline = pipeline, .call.deadline = WEIR_NEVER};
    call_start(&finish.call, make_pipeline_finish);
    gate_wait_for(&gate, 1);
    if (_i == 0)
        assert_status(WEIR_BUSY, weir_pipeline_finish(pipeline, weir_deadline_after(MILLISECONDS), NULL));
    else
        assert_status(WEIR_OK, weir_pipeline_cancel(pipeline));
    assert_status(WEIR_BUSY, call_finish(&finish.call));
    bool named = false;
    for (size_t i = 0; i < finish.report->late_count; i++) /* on a busy machine, others may be late too */
        named = named || (finish.report->late[i].stage != NULL && strcmp(finish.report->late[i].stage, "slow") == 0);
    ck_assert(named);
    weir_report_free(finish.report);
    gate_open(&gate);
    finish_late(pipeline, _i == 0 ? WEIR_TIMEDOUT : WEIR_CANCELLED);
    assert_things_ended();
}
END_TEST

/* Without a deadline, the next stage stays open for it. */
START_TEST (the_next_stage_waits_for_it) {
    struct gate gate = GATE;
    weir_pipeline *pipeline = ending_at(&gate);
    struct pipeline_call finish = {.pipeline = pipeline, .call.deadline = WEIR_NEVER};
    call_start(&finish.call, make_pipeline_finish);
    gate_wait_for(&gate, 1);
    for (int i = 0; i < 5; i++)
        nap();
    gate_open(&gate);
    assert_status(WEIR_OK, call_finish(&finish.call));
    weir_report_free(finish.report);
    destroy_pipeline(pipeline);
    ck_assert_uint_eq(things_consumed(), 11);
}
END_TEST

static Suite *at_end_suite(void) {
    Suite *suite = suite_create("at_end");
    TCase *folds = add_things_case(suite, "folds");
    tcase_add_loop_test(folds, a_fold_emits_after_the_last_item, 0, 3 * 8);
    tcase_add_loop_test(folds, all_that_waits_in_the_stage_comes_first, 0, 3);
    tcase_add_loop_test(folds, a_func_without_init_has_one_thread, 0, 2);
    tcase_add_loop_test(folds, threads_that_come_and_leave_have_their_ends, 0, 2);
    TCase *failures = add_things_case(suite, "failures");
    tcase_add_loop_test(failures, a_failure_is_an_error_of_the_stage, 0, 4);
    tcase_add_test(failures, a_cancelled_run_has_no_ends);
    tcase_add_loop_test(failures, it_must_not_end_its_thread, 0, 2);
    TCase *slow = add_things_case(suite, "slow");
    tcase_add_loop_test(slow, the_wait_for_it_ends_in_time, 0, 2);
    tcase_add_test(slow, the_next_stage_waits_for_it);
    tcase_add_loop_test(slow, a_success_has_called_it, 0, 2);
    tcase_add_test(slow, a_call_that_the_deadline_ends_is_no_success);
    return suite;
}

int main(void) {
    return run_suite(at_end_suite());
}
