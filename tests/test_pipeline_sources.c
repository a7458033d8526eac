/*
 * test_pipeline_sources.c - source stages.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline_support.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

struct spring {
    atomic_size_t left; /* calls until WEIR_END; SIZE_MAX: unlimited */
    atomic_size_t calls, ends_seen;
    unsigned fails_until;    /* earlier attempts fail */
    unsigned each;           /* results of each call */
    atomic_uint wrong_calls; /* called with an item, or with a batch's reason */
    struct gate *gate;       /* blocks the first call */
};

static int produce(weir_task *task, void *item, void *raw) {
    struct spring *spring = raw;
    size_t call = atomic_fetch_add(&spring->calls, 1);
    if (item != NULL || weir_task_batch_reason(task) != 0)
        atomic_fetch_add(&spring->wrong_calls, 1);
    if (spring->gate != NULL && call == 0)
        gate_pass(spring->gate);
    if (weir_task_attempt(task) < spring->fails_until)
        return weir_task_fail(task, 30, "dry, attempt %u", weir_task_attempt(task));
    size_t left = atomic_load(&spring->left);
    do {
        if (left == 0)
            return WEIR_END;
    } while (left != SIZE_MAX && !atomic_compare_exchange_weak(&spring->left, &left, left - 1));
    bool enough = left == SIZE_MAX && things_made() > 50000; /* a busy machine may keep the test waiting */
    if (enough)
        nap();
    for (unsigned i = 0; i < spring->each && !enough; i++)
        weir_task_emit(task, thing_new());
    if (weir_task_cancelled(task))
        atomic_fetch_add(&spring->ends_seen, 1);
    return 0;
}

static weir_pipeline *flowing(struct spring *spring, weir_pipeline_options options, weir_stage_options source) {
    weir_pipeline *pipeline = new_pipeline(&options);
    source.name = "spring";
    source.work.source = produce;
    source.work.arg = spring;
    add_stage(pipeline, source);
    add_stage(pipeline, (weir_stage_options){
                            .name = "end", .work.func = consume_thing, .threads.count = 2, .input.drop = thing_drop});
    start_pipeline(pipeline);
    return pipeline;
}

START_TEST (sources_produce_until_they_return_the_end) {
    struct spring spring = {.left = 500, .each = 2};
    weir_pipeline *pipeline = flowing(&spring, (weir_pipeline_options){.max_items = _i & 1 ? 7 : 0},
                                      (weir_stage_options){.threads.count = (size_t)_i / 2 + 1});
    assert_status(WEIR_OK, weir_pipeline_wait(pipeline, hang_limit()));
    assert_status(WEIR_OK, weir_pipeline_wait(pipeline, 0));
    ck_assert_uint_eq(things_made(), 1000);
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    ck_assert_uint_eq(report->counts.in, 1000);
    ck_assert_uint_eq(report->counts.done, 1000);
    ck_assert_uint_eq(report->stages[0].counts.in, 1000);
    ck_assert_uint_eq(report->stages[0].counts.done, 1000);
    ck_assert_uint_eq(report->stages[0].capacity, 0);
    weir_report_free(report);
    assert_status(WEIR_OK, weir_pipeline_wait(pipeline, hang_limit()));
    destroy_pipeline(pipeline);
    ck_assert_uint_eq(atomic_load(&spring.wrong_calls), 0);
    ck_assert_uint_eq(things_consumed(), 1000);
}
END_TEST

START_TEST (finish_stops_a_source_and_what_it_has_produced_goes_through) {
    struct spring spring = {.left = SIZE_MAX, .each = 1};
    weir_pipeline *pipeline = flowing(&spring, (weir_pipeline_options){.max_items = _i & 1 ? 3 : 0},
                                      (weir_stage_options){.threads.count = (size_t)_i / 2 + 1});
    assert_status(WEIR_TIMEDOUT, weir_pipeline_wait(pipeline, 0));
    assert_status(WEIR_TIMEDOUT, weir_pipeline_wait(pipeline, weir_deadline_after(MILLISECONDS)));
    while (atomic_load(&spring.calls) < 100)
        nap();
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    ck_assert_uint_eq(report->counts.done, things_made());
    weir_report_free(report);
    destroy_pipeline(pipeline);
    ck_assert_uint_eq(things_consumed(), things_made());
}
END_TEST

START_TEST (a_cancel_stops_a_source_and_drops_what_it_emits) {
    struct spring spring = {.left = SIZE_MAX, .each = 3};
    weir_pipeline *pipeline =
        flowing(&spring, (weir_pipeline_options){.max_items = _i & 1 ? 3 : 0, .grace = HANG_SECONDS * SECONDS},
                (weir_stage_options){.threads.count = (size_t)_i / 2 + 1});
    while (atomic_load(&spring.calls) < 50)
        nap();
    assert_status(WEIR_OK, weir_pipeline_cancel(pipeline));
    assert_status(WEIR_CANCELLED, weir_pipeline_wait(pipeline, hang_limit()));
    finish_and_destroy(pipeline, WEIR_CANCELLED);
    assert_things_ended();
}
END_TEST

START_TEST (the_end_wakes_a_wait_for_sources) {
    struct gate gate = GATE;
    struct spring spring = {.left = SIZE_MAX, .each = 1, .gate = &gate};
    weir_pipeline *pipeline = flowing(&spring, (weir_pipeline_options){.grace = HANG_SECONDS * SECONDS},
                                      (weir_stage_options){.threads.count = 1});
    gate_wait_for(&gate, 1);
    struct pipeline_call wait = {.call = {.deadline = WEIR_NEVER}, .pipeline = pipeline};
    call_start_asleep(&wait.call, make_pipeline_wait);
    if (_i == 0) {
        assert_status(WEIR_OK, weir_pipeline_cancel(pipeline));
        assert_status(WEIR_CANCELLED, call_finish(&wait.call)); /* although the source is still running */
        gate_open(&gate);
        finish_and_destroy(pipeline, WEIR_CANCELLED);
    } else {
        struct pipeline_call finish = {.call = {.deadline = WEIR_NEVER}, .pipeline = pipeline};
        call_start_asleep(&finish.call, make_pipeline_finish);
        assert_status(WEIR_CLOSED, call_finish(&wait.call)); /* although the source is still running */
        gate_open(&gate);
        assert_status(WEIR_OK, call_finish(&finish.call));
        ck_assert_uint_eq(atomic_load(&spring.calls), 1); /* not called again */
        ck_assert_uint_eq(atomic_load(&spring.ends_seen), 1);
        weir_report_free(finish.report);
        destroy_pipeline(pipeline);
    }
    assert_things_ended();
}
END_TEST

static int produce_until_told(weir_task *task, void *item, void *raw) {
    atomic_uint *inside = raw;
    (void)item;
    for (int i = 0; i < 5; i++)
        weir_task_emit(task, thing_new());
    atomic_fetch_add(inside, 1);
    while (!weir_task_cancelled(task))
        nap();
    if (!weir_task_cancelled(task)) /* stays true */
        return WEIR_END;
    return weir_task_fail(task, ECANCELED, "told to return");
}

static int fail_at_gate(weir_task *task, void *item, void *gate) {
    (void)item;
    gate_pass(gate);
    return weir_task_fail(task, EIO, "it never asked");
}

START_TEST (an_error_of_a_source_that_has_not_asked_does_not_vanish_in_the_finish) {
    struct gate gate = GATE;
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_stage(pipeline, (weir_stage_options){
                            .name = "reads",
                            .work.source = fail_at_gate,
                            .work.arg = &gate,
                            .errors.on_error = _i & 1 ? WEIR_SKIP : WEIR_FAIL_FAST,
                            .errors.retry = {.attempts = _i & 2 ? 3 : 0, .backoff = _i & 2 ? 3600 * SECONDS : 0}});
    add_stage(pipeline, (weir_stage_options){.name = "end", .work.func = consume_thing, .input.drop = thing_drop});
    start_pipeline(pipeline);
    gate_wait_for(&gate, 1);
    struct pipeline_call finish = {.call = {.deadline = WEIR_NEVER}, .pipeline = pipeline};
    call_start_asleep(&finish.call, make_pipeline_finish);
    gate_open(&gate);
    assert_status(_i & 1 ? WEIR_OK : WEIR_FAILED, call_finish(&finish.call));
    ck_assert_uint_eq(finish.report->error_count, 1);
    ck_assert_int_eq(finish.report->errors[0].code, EIO);
    ck_assert_uint_eq(finish.report->stages[0].counts.failed, 1);
    ck_assert_uint_eq(finish.report->retried, 0); /* no further call */
    weir_report_free(finish.report);
    destroy_pipeline(pipeline);
}
END_TEST

START_TEST (an_error_of_a_source_told_to_return_is_no_failure) {
    atomic_uint inside = 0;
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_stage(pipeline, (weir_stage_options){
                            .name = "told",
                            .work.source = produce_until_told,
                            .work.arg = &inside,
                            .threads.count = 2,
                            .errors.on_error = _i & 1 ? WEIR_SKIP : WEIR_FAIL_FAST,
                            .errors.retry = {.attempts = _i & 2 ? 3 : 0, .backoff = _i & 2 ? 3600 * SECONDS : 0}});
    add_stage(pipeline, (weir_stage_options){.name = "end", .work.func = consume_thing, .input.drop = thing_drop});
    start_pipeline(pipeline);
    wait_for_count(&inside, 2);
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    ck_assert_uint_eq(report->error_count, 0);
    ck_assert_uint_eq(report->retried, 0);
    ck_assert_uint_eq(report->counts.in, 10);
    ck_assert_uint_eq(report->counts.done, 10);
    ck_assert_uint_eq(report->counts.dropped, 0);
    ck_assert_uint_eq(report->stages[0].counts.failed, 0);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    ck_assert_uint_eq(things_consumed(), 10);
    assert_things_ended();
}
END_TEST

/* The status of the wait is the reason why the sources ended, even after they and the pipeline have ended. */
static int produce_unless_told(weir_task *task, void *item, void *raw) {
    atomic_uint *calls = raw;
    (void)item;
    atomic_fetch_add(calls, 1);
    nap();
    return weir_task_cancelled(task) ? weir_task_fail(task, ECANCELED, "told to return") : 0;
}

START_TEST (a_wait_for_sources_stopped_by_an_end_never_returns_ok) {
    atomic_uint calls = 0;
    bool waits = _i & 1, cancels = _i & 2;
    weir_status wanted = cancels ? WEIR_CANCELLED : WEIR_CLOSED;
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_stage(pipeline, (weir_stage_options){.name = "told", .work.source = produce_unless_told, .work.arg = &calls});
    add_stage(pipeline, (weir_stage_options){.name = "end", .work.func = consume_thing, .input.drop = thing_drop});
    start_pipeline(pipeline);
    wait_for_count(&calls, 1);
    struct pipeline_call wait = {.call = {.deadline = WEIR_NEVER}, .pipeline = pipeline};
    if (waits)
        call_start_asleep(&wait.call, make_pipeline_wait);
    if (cancels)
        assert_status(WEIR_OK, weir_pipeline_cancel(pipeline));
    weir_report_free(finish_pipeline(pipeline, cancels ? WEIR_CANCELLED : WEIR_OK));
    if (waits)
        assert_status(wanted, call_finish(&wait.call));
    assert_status(wanted, weir_pipeline_wait(pipeline, 0));
    destroy_pipeline(pipeline);
}
END_TEST

START_TEST (a_wait_for_ended_sources_returns_ok_after_the_end_too) {
    struct spring spring = {.left = 5, .each = 1};
    weir_pipeline *pipeline =
        flowing(&spring, (weir_pipeline_options){.max_items = 0}, (weir_stage_options){.threads.count = 2});
    assert_status(WEIR_OK, weir_pipeline_wait(pipeline, hang_limit()));
    weir_report_free(finish_pipeline(pipeline, WEIR_OK));
    assert_status(WEIR_OK, weir_pipeline_wait(pipeline, hang_limit()));
    destroy_pipeline(pipeline);
}
END_TEST

/* Its threads, by number; those not called wait for a long time. */
enum { DRY = 4 };
struct dry {
    atomic_uint threads, calls;
    atomic_int numbers[DRY];
    unsigned fail; /* number of failing calls; the next one reaches the end */
    struct gate gate;
};

static weir_status know_thread(void *raw, void **state) {
    struct dry *dry = raw;
    atomic_store(&dry->numbers[atomic_fetch_add(&dry->threads, 1)], thread_number());
    *state = dry;
    return WEIR_OK;
}

static int run_dry(weir_task *task, void *item, void *raw) {
    struct dry *dry = raw;
    (void)task;
    (void)item;
    if (atomic_fetch_add(&dry->calls, 1) < dry->fail)
        return 11;
    gate_pass(&dry->gate);
    return WEIR_END;
}

static int fail_or_go_on(weir_task *task, void *item, void *raw) {
    struct dry *dry = raw;
    (void)task;
    (void)item;
    return atomic_fetch_add(&dry->calls, 1) < dry->fail ? 11 : 0;
}

START_TEST (the_end_of_a_source_reaches_its_threads_that_wait) {
    bool rated = _i == 0; /* waits for the rate; else in back-off */
    struct dry dry = {.fail = rated ? 0 : DRY - 1, .gate = GATE};
    weir_pipeline *pipeline = new_pipeline(NULL);
    weir_stage_options source = {.name = "dry",
                                 .work.source = run_dry,
                                 .work.arg = &dry,
                                 .threads.count = DRY,
                                 .work.init = know_thread,
                                 .errors.on_error = WEIR_SKIP};
    source.limits.rate = rated ? 0.001 : 0;
    if (!rated)
        source.errors.retry = (weir_retry){.attempts = 5, .backoff = 3600 * SECONDS, .max_backoff = 3600 * SECONDS};
    add_stage(pipeline, source);
    add_stage(pipeline, (weir_stage_options){.name = "end", .work.func = consume_thing});
    start_pipeline(pipeline);
    gate_wait_for(&dry.gate, 1);
    for (size_t i = 0; i < DRY; i++)
        ck_assert(wait_until_asleep(atomic_load(&dry.numbers[i]), NULL));
    gate_open(&dry.gate);
    assert_status(WEIR_OK, weir_pipeline_wait(pipeline, hang_limit()));
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    ck_assert_uint_eq(report->error_count, rated ? 0 : DRY - 1);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    ck_assert_uint_eq(atomic_load(&dry.calls), rated ? 1 : DRY); /* no call after the end */
}
END_TEST

/* The source waits for its rate, or in back-off, for longer than any time limit. */
START_TEST (finish_wakes_a_source_that_waits) {
    bool rated = _i == 0;
    struct dry dry = {.fail = rated ? 0 : 1};
    weir_pipeline *pipeline = new_pipeline(NULL);
    weir_stage_options source = {
        .name = "dry", .work.source = fail_or_go_on, .work.arg = &dry, .work.init = know_thread};
    if (rated)
        source.limits.rate = 0.0001;
    else
        source.errors.retry = (weir_retry){.attempts = 5, .backoff = 3600 * SECONDS, .max_backoff = 3600 * SECONDS};
    add_stage(pipeline, source);
    add_stage(pipeline, (weir_stage_options){.name = "end", .work.func = consume_thing});
    start_pipeline(pipeline);
    wait_for_count(&dry.calls, 1);
    ck_assert(wait_until_asleep(atomic_load(&dry.numbers[0]), NULL));
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    ck_assert_uint_eq(report->error_count, rated ? 0 : 1);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    ck_assert_uint_eq(atomic_load(&dry.calls), 1);
}
END_TEST

/* It fails because of the cancel, not with an error of its own. */
static int cancel_and_fail(weir_task *task, void *item, void *unused) {
    (void)item;
    (void)unused;
    (void)weir_pipeline_cancel(weir_task_pipeline(task));
    return weir_task_fail(task, EIO, "it was cancelled");
}

START_TEST (a_source_that_fails_in_a_cancelled_pipeline_has_not_failed) {
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.grace = HANG_SECONDS * SECONDS});
    add_stage(pipeline, (weir_stage_options){.name = "cancels", .work.source = cancel_and_fail});
    add_stage(pipeline, (weir_stage_options){.name = "end", .work.func = consume_thing});
    start_pipeline(pipeline);
    assert_status(WEIR_CANCELLED, weir_pipeline_wait(pipeline, hang_limit()));
    weir_report *report = finish_pipeline(pipeline, WEIR_CANCELLED);
    ck_assert_uint_eq(report->error_count, 0);
    ck_assert_uint_eq(report->stages[0].counts.failed, 0);
    weir_report_free(report);
    destroy_pipeline(pipeline);
}
END_TEST

START_TEST (without_sources_the_wait_returns_at_once) {
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_stage(pipeline, (weir_stage_options){.name = "a", .work.func = consume_thing});
    start_pipeline(pipeline);
    assert_status(WEIR_OK, weir_pipeline_wait(pipeline, WEIR_NEVER));
    finish_and_destroy(pipeline, WEIR_OK);
}
END_TEST

/* ---- a long call, and a new rate ---- */

enum { IN_A_CALL = 5, BEFORE = 3000, AFTER = 3 };

/* Emits a result as soon as the one before has gone through the pipeline. It sleeps meanwhile: there may be one seat. */
static int emit_one_by_one(weir_task *task, void *none, void *through) {
    (void)none;
    for (size_t i = 0; i < IN_A_CALL; i++) {
        for (weir_deadline limit = hang_limit(); atomic_load((atomic_size_t *)through) < i; nap()) {
            if (now() > limit)
                return weir_task_fail(task, 1, "the result %zu waits", i);
        }
        weir_task_emit(task, thing_new());
    }
    return WEIR_END;
}

static void *consume_and_count(void *thing, void *through) {
    thing_consume(thing);
    atomic_fetch_add((atomic_size_t *)through, 1);
    return NULL;
}

START_TEST (results_of_a_long_call_do_not_wait_for_each_other) {
    atomic_size_t through = 0;
    weir_pipeline *pipeline = new_pipeline(NULL);
    const weir_stage_options on_crew[] = {
        {.name = "long", .work.source = emit_one_by_one, .work.arg = &through, .threads.width = 1},
        {.name = "end", .work.func = consume_and_count, .work.arg = &through, .threads.width = 1}};
    for (size_t i = 0; i < COUNT_OF(on_crew); i++)
        assert_status(WEIR_OK, weir_pipeline_add(pipeline, NULL, &on_crew[i]));
    start_pipeline(pipeline);
    assert_status(WEIR_OK, weir_pipeline_wait(pipeline, hang_limit()));
    finish_and_destroy(pipeline, WEIR_OK);
}
END_TEST

/* Becomes slow. */
static int slow_down(weir_task *task, void *none, void *calls) {
    (void)task;
    (void)none;
    if (atomic_fetch_add((atomic_size_t *)calls, 1) >= BEFORE)
        nap();
    return 0;
}

/* Its quick calls went unwatched in a row, and the slow ones must not. */
START_TEST (a_new_rate_holds_from_the_next_call_of_a_source_on) {
    atomic_size_t calls = 0;
    weir_stage *stage = NULL;
    weir_pipeline *pipeline = new_pipeline(NULL);
    const weir_stage_options source = {
        .name = "slow", .work.source = slow_down, .work.arg = &calls, .threads.count = (size_t)_i};
    assert_status(WEIR_OK, weir_pipeline_add(pipeline, &stage, &source));
    add_stage(pipeline, (weir_stage_options){.name = "end", .work.func = consume_thing});
    start_pipeline(pipeline);
    while (atomic_load(&calls) < BEFORE + AFTER)
        nap();
    assert_status(WEIR_OK, weir_pipeline_set_rate(pipeline, stage, 0.001, 1));
    size_t then = atomic_load(&calls);
    for (bool waits = false; !waits; nap()) {
        weir_report *report = report_of(pipeline);
        waits = report->stages[0].blocked > 0 || atomic_load(&calls) > then + AFTER;
        weir_report_free(report);
    }
    ck_assert_uint_le(atomic_load(&calls), then + AFTER);
    finish_and_destroy(pipeline, WEIR_OK);
}
END_TEST

/* ---- errors ---- */

/* Three attempts are enough, or not. If the stage skips errors, the source is called again in any case. */
START_TEST (a_source_that_fails_in_a_row_is_called_again) {
    bool recovers = _i & 1, skips = _i & 2, fails = !recovers && !skips;
    struct spring spring = {.left = 20, .each = 1, .fails_until = recovers ? 3 : 9};
    weir_retry retry = {.attempts = 3, .backoff = 1000, .max_backoff = 2000};
    weir_pipeline *pipeline =
        flowing(&spring, (weir_pipeline_options){.max_items = 0},
                (weir_stage_options){
                    .threads.count = 1, .errors.retry = retry, .errors.on_error = skips ? WEIR_SKIP : WEIR_FAIL_FAST});
    assert_status(fails ? WEIR_CANCELLED : WEIR_OK, weir_pipeline_wait(pipeline, hang_limit()));
    weir_report *report = finish_pipeline(pipeline, fails ? WEIR_FAILED : WEIR_OK);
    size_t failures = fails ? 3 : (spring.fails_until - 1) * 21; /* before each success, WEIR_END included */
    ck_assert_uint_eq(report->error_count, failures);
    ck_assert_uint_eq(report->stages[0].counts.failed, failures);
    ck_assert_uint_eq(report->stages[0].retried, fails ? 2 : failures);
    ck_assert_uint_eq(report->counts.in, fails ? 0 : 20); /* a failed call adds no item */
    ck_assert_uint_eq(report->counts.done, fails ? 0 : 20);
    const weir_error *second = &report->errors[fails ? 2 : 1]; /* the fatal error, the third one, is listed first */
    ck_assert_str_eq(second->message, "dry, attempt 2");
    ck_assert_uint_eq(second->attempts, 2);
    ck_assert_int_eq(report->errors[0].fatal, fails);
    ck_assert_uint_eq(report->errors[0].attempts, fails ? 3 : 1);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    assert_things_ended();
}
END_TEST

static int fail_third(weir_task *task, void *item, void *raw) {
    atomic_uint *calls = raw;
    unsigned call = atomic_fetch_add(calls, 1) + 1;
    (void)item;
    if (call == 3)
        return weir_task_fail(task, 5, "one bad");
    if (call > 6)
        return WEIR_END;
    weir_task_emit(task, thing_new());
    return 0;
}

static bool never(int code, void *unused) {
    (void)code;
    (void)unused;
    return false;
}

/* On the crew, and on a thread of its own; without retries, with some for other codes, with a back-off alone. */
START_TEST (one_bad_call_of_a_source_that_skips_loses_no_others) {
    atomic_uint calls = 0;
    weir_pipeline *pipeline = new_pipeline(NULL);
    weir_stage_options source = {
        .name = "reads", .work.source = fail_third, .work.arg = &calls, .errors.on_error = WEIR_SKIP};
    source.threads.count = _i & 1;
    source.threads.width = 1 - (_i & 1);
    if (_i / 2 == 1)
        source.errors.retry = (weir_retry){.attempts = 2, .when = never};
    if (_i / 2 == 2)
        source.errors.retry = (weir_retry){.backoff = 1000};
    add_stage(pipeline, source);
    add_stage(pipeline, (weir_stage_options){.name = "end", .work.func = consume_thing, .input.drop = thing_drop});
    start_pipeline(pipeline);
    assert_status(WEIR_OK, weir_pipeline_wait(pipeline, hang_limit()));
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    ck_assert_uint_eq(report->counts.done, 5);
    ck_assert_uint_eq(report->error_count, 1);
    ck_assert_str_eq(report->errors[0].message, "one bad");
    ck_assert_uint_eq(report->stages[0].counts.failed, 1);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    ck_assert_uint_eq(atomic_load(&calls), 7);
    assert_things_ended();
}
END_TEST

/* The call that exits its thread has emitted a thing before. */
enum { CALL_THAT_EXITS = 4 };

static int produce_and_exit(weir_task *task, void *item, void *raw) {
    atomic_size_t *calls = raw;
    (void)item;
    weir_task_emit(task, thing_new());
    if (atomic_fetch_add(calls, 1) == CALL_THAT_EXITS)
        pthread_exit(NULL);
    return 0;
}

static bool always(int code, void *unused) {
    (void)code;
    (void)unused;
    return true;
}

/* The other threads of the source return: they may be in a call, or wait for the limit or the rate. */
START_TEST (a_call_that_ends_its_thread_ends_the_run) {
    atomic_size_t calls = 0;
    size_t threads = _i % 2 == 0 ? 1 : 3;
    weir_pipeline *pipeline =
        new_pipeline(&(weir_pipeline_options){.max_items = _i / 2 == 1 ? 1 : 0, .grace = HANG_SECONDS * SECONDS});
    add_stage(pipeline, (weir_stage_options){.name = "exits",
                                             .work.source = produce_and_exit,
                                             .work.arg = &calls,
                                             .threads.count = threads,
                                             .limits.rate = _i / 2 == 2 ? 10000 : 0,
                                             .errors.retry = {.attempts = 3, .when = always},
                                             .errors.on_error = WEIR_SKIP});
    add_stage(pipeline, (weir_stage_options){.name = "end", .work.func = consume_thing, .input.drop = thing_drop});
    start_pipeline(pipeline);
    assert_status(WEIR_CANCELLED, weir_pipeline_wait(pipeline, hang_limit()));
    weir_report *report = finish_pipeline(pipeline, WEIR_FAILED);
    assert_thread_ended(report, "exits", 1);
    ck_assert_uint_eq(report->error_count, 1);
    ck_assert_uint_eq(report->counts.in, things_made());
    ck_assert_uint_eq(report->counts.failed, 0); /* a call is no item */
    ck_assert_uint_eq(report->counts.done, things_consumed());
    ck_assert_uint_eq(report->stages[0].counts.failed, 1);
    ck_assert_uint_eq(report->stages[0].counts.in, things_made() + 1);
    ck_assert_uint_eq(report->stages[0].retried, 0);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    assert_things_ended();
}
END_TEST

/* Fails, and exits its thread when it is called again. */
static int fail_then_exit(weir_task *task, void *item, void *unused) {
    (void)item;
    (void)unused;
    if (weir_task_attempt(task) == 1)
        return weir_task_fail(task, 5, "once more");
    pthread_exit(NULL);
}

START_TEST (a_source_may_end_its_thread_at_a_later_attempt) {
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_stage(pipeline, (weir_stage_options){.name = "exits",
                                             .work.source = fail_then_exit,
                                             .errors.retry = {.attempts = 3, .backoff = 1000},
                                             .errors.on_error = WEIR_SKIP});
    add_stage(pipeline, (weir_stage_options){.name = "end", .work.func = consume_thing, .input.drop = thing_drop});
    start_pipeline(pipeline);
    assert_status(WEIR_CANCELLED, weir_pipeline_wait(pipeline, hang_limit()));
    weir_report *report = finish_pipeline(pipeline, WEIR_FAILED);
    assert_thread_ended(report, "exits", 2);
    ck_assert_uint_eq(report->error_count, 2);
    ck_assert_uint_eq(report->stages[0].counts.failed, 2);
    ck_assert_uint_eq(report->stages[0].retried, 1);
    weir_report_free(report);
    destroy_pipeline(pipeline);
}
END_TEST

/* ---- with other options ---- */

START_TEST (items_are_put_beside_a_source) {
    struct spring spring = {.left = 200, .each = 1};
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.max_items = _i == 1 ? 5 : 0});
    weir_stage *source = add_stage(
        pipeline,
        (weir_stage_options){.name = "spring", .work.source = produce, .work.arg = &spring, .threads.count = 2});
    weir_stage *door =
        add_stage(pipeline, (weir_stage_options){.name = "door", .work.run = run_pass_on, .input.drop = thing_drop});
    weir_stage *end =
        add_stage(pipeline, (weir_stage_options){.name = "end", .work.func = consume_thing, .input.drop = thing_drop});
    connect_stages(pipeline, source, end);
    connect_stages(pipeline, door, end);
    start_pipeline(pipeline);
    put_things(pipeline, 300);
    assert_status(WEIR_OK, weir_pipeline_wait(pipeline, hang_limit()));
    put_things(pipeline, 10);
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    ck_assert_uint_eq(report->counts.done, 510);
    ck_assert_uint_eq(stage_in(report, "door")->counts.done, 310);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    ck_assert_uint_eq(things_consumed(), 510);
}
END_TEST

START_TEST (a_source_alone_has_results_or_none) {
    struct spring spring = {.left = 30, .each = 1};
    weir_queue *results = new_queue(WEIR_UNBOUNDED);
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_stage(pipeline, (weir_stage_options){
                            .name = "spring", .work.source = produce, .work.arg = &spring, .output.results = results});
    start_pipeline(pipeline);
    assert_status(WEIR_OK, weir_pipeline_wait(pipeline, hang_limit()));
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    ck_assert_uint_eq(report->counts.done, 30);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    ck_assert_uint_eq(weir_queue_size(results), 30);
    void *taken;
    while (weir_queue_try_get(results, &taken) == WEIR_OK)
        thing_consume(taken);
    assert_status(WEIR_OK, weir_queue_tasks_done(results, 30));
    assert_status(WEIR_OK, weir_queue_destroy(results));
    assert_things_ended();
}
END_TEST

START_TEST (a_source_is_rated_too) {
    struct spring spring = {.left = 30, .each = 1};
    weir_pipeline *pipeline = flowing(&spring, (weir_pipeline_options){.max_items = 0},
                                      (weir_stage_options){.limits.rate = 1000, .threads.count = 2});
    assert_status(WEIR_OK, weir_pipeline_wait(pipeline, hang_limit()));
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    ck_assert_uint_ge(report->elapsed, 29 * MILLISECONDS);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    assert_things_ended();
}
END_TEST

/* A running source puts while another stage's init fails. */
struct early {
    atomic_uint calls;
    weir_pipeline *pipeline;
    weir_status put;
    char message[64];
};

static int put_until_closed(weir_task *task, void *none, void *raw) {
    struct early *early = raw;
    (void)task;
    (void)none;
    do {
        atomic_fetch_add(&early->calls, 1);
        early->put = weir_pipeline_put_until(early->pipeline, NULL, 0);
        snprintf(early->message, sizeof early->message, "%s", weir_pipeline_message(early->pipeline));
    } while (early->put == WEIR_OK || early->put == WEIR_TIMEDOUT);
    return WEIR_END;
}

static weir_status fail_after_calls(void *raw, void **state) {
    struct early *early = raw;
    *state = NULL;
    wait_for_count(&early->calls, 3);
    return WEIR_NOMEM;
}

/* To its threads the failed start looks like a cancelled run: its message appears only once they have ended. */
START_TEST (a_start_that_fails_is_a_cancel_for_what_runs_already) {
    struct early early = {.put = WEIR_OK};
    weir_pipeline *pipeline = early.pipeline = new_pipeline(NULL);
    weir_stage *sick = add_stage(pipeline, (weir_stage_options){.name = "sick",
                                                                .work.func = hand_back,
                                                                .work.init = fail_after_calls,
                                                                .work.arg = &early,
                                                                .input.capacity = 2});
    weir_stage *source = add_stage(
        pipeline, (weir_stage_options){.name = "source", .work.source = put_until_closed, .work.arg = &early});
    weir_stage *last = add_stage(pipeline, (weir_stage_options){.name = "last", .work.func = hand_back});
    connect_stages(pipeline, sick, last);
    connect_stages(pipeline, source, last);
    assert_status(WEIR_INITFAILED, weir_pipeline_start(pipeline));
    ck_assert_ptr_nonnull(strstr(weir_pipeline_message(pipeline), "init"));
    assert_status(WEIR_CLOSED, early.put);
    ck_assert_str_eq(early.message, "put: the pipeline is cancelled");
    assert_status(WEIR_INVALID, weir_pipeline_put(pipeline, NULL));
    ck_assert_ptr_nonnull(strstr(weir_pipeline_message(pipeline), "init"));
    destroy_pipeline(pipeline);
}
END_TEST

static Suite *sources_suite(void) {
    Suite *suite = suite_create("sources of a pipeline");
    TCase *flow = add_things_case(suite, "flow");
    tcase_add_loop_test(flow, sources_produce_until_they_return_the_end, 0, 6);
    tcase_add_test(flow, without_sources_the_wait_returns_at_once);
    tcase_add_loop_test(flow, items_are_put_beside_a_source, 0, 2);
    tcase_add_test(flow, a_source_alone_has_results_or_none);
    tcase_add_test(flow, a_source_is_rated_too);
    tcase_add_test(flow, results_of_a_long_call_do_not_wait_for_each_other);
    tcase_add_loop_test(flow, a_new_rate_holds_from_the_next_call_of_a_source_on, 0, 2);
    TCase *stop = add_things_case(suite, "stop");
    tcase_add_loop_test(stop, finish_stops_a_source_and_what_it_has_produced_goes_through, 0, 6);
    tcase_add_loop_test(stop, a_cancel_stops_a_source_and_drops_what_it_emits, 0, 6);
    tcase_add_loop_test(stop, the_end_wakes_a_wait_for_sources, 0, 2);
    tcase_add_loop_test(stop, a_wait_for_sources_stopped_by_an_end_never_returns_ok, 0, 4);
    tcase_add_test(stop, a_wait_for_ended_sources_returns_ok_after_the_end_too);
    tcase_add_loop_test(stop, an_error_of_a_source_that_has_not_asked_does_not_vanish_in_the_finish, 0, 4);
    tcase_add_loop_test(stop, an_error_of_a_source_told_to_return_is_no_failure, 0, 4);
    tcase_add_loop_test(stop, the_end_of_a_source_reaches_its_threads_that_wait, 0, 2);
    tcase_add_loop_test(stop, finish_wakes_a_source_that_waits, 0, 2);
    tcase_add_test(stop, a_start_that_fails_is_a_cancel_for_what_runs_already);
    tcase_add_test(stop, a_source_that_fails_in_a_cancelled_pipeline_has_not_failed);
    TCase *errors = add_things_case(suite, "errors");
    tcase_add_loop_test(errors, a_source_that_fails_in_a_row_is_called_again, 0, 4);
    tcase_add_loop_test(errors, one_bad_call_of_a_source_that_skips_loses_no_others, 0, 6);
    tcase_add_loop_test(errors, a_call_that_ends_its_thread_ends_the_run, 0, 6);
    tcase_add_test(errors, a_source_may_end_its_thread_at_a_later_attempt);
    return suite;
}

int main(void) {
    return run_suite(sources_suite());
}
