/*
 * test_pipeline_between.c - what happens between two steps of one call, at which only another thread could act: a hook in
 * place of that thread (--wrap, tests/local.mk) makes it happen each time.
 *
 * Linked with the library's internals.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline_support.h"

#include <stdio.h>

#include "base/pool.h"
#include "closable_queue/settle.h"
#include "item/envelope.h"
#include "pipeline/run/idle.h"
#include "pipeline/state/pipeline.h"
#include "pipeline/waits/abort.h"
#include "pipeline/workers/shift.h"
#include "stoppable_worker/grow.h"
#include "sync/thread.h"
#include "timer/timer.h"

/* ---- an emit, between its look at the operation and the envelope ---- */

static weir_pipeline *operating;
static weir_operation pending;
static atomic_bool finishes;       /* the next envelope comes after the end of the operation */
static atomic_size_t taken, given; /* cells of pools */

void *__real_weir__pool_take(weir__pool *pool, weir__cache *cache);
void *__wrap_weir__pool_take(weir__pool *pool, weir__cache *cache);
void __real_weir__pool_give(weir__pool *pool, weir__cache *cache, void *cell);
void __wrap_weir__pool_give(weir__pool *pool, weir__cache *cache, void *cell);

void *__wrap_weir__pool_take(weir__pool *pool, weir__cache *cache) {
    if (atomic_exchange(&finishes, false))
        assert_status(WEIR_OK, weir_operation_finish(operating, pending, 0));
    atomic_fetch_add(&taken, 1);
    return __real_weir__pool_take(pool, cache);
}

void __wrap_weir__pool_give(weir__pool *pool, weir__cache *cache, void *cell) {
    atomic_fetch_add(&given, 1);
    __real_weir__pool_give(pool, cache, cell);
}

static int detach(weir_task *task, void *thing, void *gate) {
    assert_status(WEIR_OK, weir_task_detach(task, &pending));
    thing_consume(thing);
    gate_open(gate);
    return WEIR_PENDING;
}

/* The result stays the caller's, as if the operation had been finished before, and its envelope is returned. */
START_TEST (an_emit_that_an_end_overtakes_is_refused) {
    struct gate detached = GATE;
    atomic_store(&taken, 0);
    atomic_store(&given, 0);
    operating = new_pipeline(NULL);
    add_stage(operating, (weir_stage_options){.name = "detaches",
                                              .work = {.run = detach, .arg = &detached},
                                              .input.drop = thing_drop,
                                              .limits.in_flight = 1});
    add_stage(operating, (weir_stage_options){.name = "end", .work.func = consume_thing, .input.drop = thing_drop});
    start_pipeline(operating);
    put_things(operating, 1);
    gate_pass(&detached);
    struct thing *second = NULL;
    assert_status(WEIR_OK, weir_operation_emit(operating, pending, thing_new()));
    second = thing_new();
    atomic_store(&finishes, true);
    assert_status(WEIR_INVALID, weir_operation_emit(operating, pending, second));
    assert_message(operating, "emit: the operation is finished");
    ck_assert(!atomic_load(&finishes));
    thing_consume(second);
    weir_report *report = finish_pipeline(operating, WEIR_OK);
    ck_assert_uint_eq(report->counts.done, 1);
    ck_assert_uint_eq(stage_in(report, "end")->counts.in, 1);
    weir_report_free(report);
    ck_assert_uint_eq(atomic_load(&taken), atomic_load(&given));
    destroy_pipeline(operating);
    assert_things_ended();
}
END_TEST

/* ---- a wait for idleness, between its joins and its second look ---- */

enum { ROUNDS = 5 };

static struct {
    weir_pipeline *pipeline; /* NULL: no item comes */
    weir__u32 *ends;         /* set once an item has passed; NULL: none */
    size_t rounds;
} passing;

weir_status __real_weir__queue_join_unless(weir_queue *queue, const weir__u32 *cancelled, weir_deadline deadline);
weir_status __wrap_weir__queue_join_unless(weir_queue *queue, const weir__u32 *cancelled, weir_deadline deadline);

/* After each join an item comes, and is settled. */
weir_status __wrap_weir__queue_join_unless(weir_queue *queue, const weir__u32 *cancelled, weir_deadline deadline) {
    weir_status status = __real_weir__queue_join_unless(queue, cancelled, deadline);
    if (passing.pipeline == NULL || passing.rounds == ROUNDS)
        return status;
    passing.rounds++;
    put_things(passing.pipeline, 1);
    while (weir_queue_unfinished(queue) > 0)
        nap();
    if (passing.ends != NULL)
        weir__u32_store_release(passing.ends, 1);
    return status;
}

/* Items that come and go keep no wait for idleness from its deadline, or from what ends it. */
START_TEST (traffic_does_not_prolong_a_wait_for_idleness) {
    weir__u32 ends = {0};
    weir_pipeline *pipeline = new_pipeline(NULL);
    weir_stage *stage =
        add_stage(pipeline, (weir_stage_options){.name = "only", .work.func = consume_thing, .input.drop = thing_drop});
    start_pipeline(pipeline);
    passing.rounds = 0;
    passing.ends = _i == 0 ? NULL : &ends;
    passing.pipeline = pipeline;
    if (_i == 0)
        assert_status(WEIR_TIMEDOUT, weir_pipeline_wait_idle(pipeline, 0));
    else
        assert_status(WEIR_CANCELLED, weir__idle_await(&stage, 1, false, &ends, WEIR_NEVER));
    passing.pipeline = NULL;
    ck_assert_uint_eq(passing.rounds, 1);
    finish_and_destroy(pipeline, WEIR_OK);
    assert_things_ended();
}
END_TEST

/* ---- a thread that is added, between its start and its init ---- */

static struct gate calls = GATE, added = GATE;
static atomic_bool holds; /* added threads pass their gate */
static atomic_uint inits, finis;

bool __real_weir__worker_is_added(const weir_worker *worker);
bool __wrap_weir__worker_is_added(const weir_worker *worker);

bool __wrap_weir__worker_is_added(const weir_worker *worker) {
    bool is_added = __real_weir__worker_is_added(worker);
    if (is_added && atomic_load(&holds))
        gate_pass(&added);
    return is_added;
}

static weir_status count_init(void *arg, void **state) {
    *state = arg;
    atomic_fetch_add(&inits, 1);
    return WEIR_OK;
}

static void count_fini(void *state) {
    (void)state;
    atomic_fetch_add(&finis, 1);
}

static void *consume_at_gate(void *thing, void *unused) {
    gate_pass(&calls);
    return consume_thing(thing, unused);
}

/* L3: a thread that begins after a cancel calls no function, and is no error. */
START_TEST (a_thread_added_before_a_cancel_calls_nothing_after_it) {
    calls = added = (struct gate)GATE;
    atomic_store(&inits, 0);
    atomic_store(&finis, 0);
    atomic_store(&holds, true);
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.grace = HANG_SECONDS * SECONDS});
    weir_stage *stage = add_stage(
        pipeline, (weir_stage_options){.name = "grows",
                                       .work = {.func = consume_at_gate, .init = count_init, .fini = count_fini},
                                       .threads = {.count = 1, .max = 3},
                                       .input.drop = thing_drop});
    start_pipeline(pipeline);
    assert_status(WEIR_OK, weir_pipeline_set_threads(pipeline, stage, 3, 3));
    gate_wait_for(&added, 2);
    put_things(pipeline, 5);
    gate_wait_for(&calls, 1);
    assert_status(WEIR_OK, weir_pipeline_cancel(pipeline));
    atomic_store(&holds, false);
    gate_open(&added);
    gate_open(&calls);
    weir_report *report = finish_pipeline(pipeline, WEIR_CANCELLED);
    ck_assert_uint_eq(report->error_count, 0);
    ck_assert_uint_eq(atomic_load(&inits), 1);
    ck_assert_uint_eq(atomic_load(&finis), 1);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    assert_things_ended();
}
END_TEST

/* ---- a rescue, between its look at the lane and the lane's end ---- */

static atomic_bool outlasts;      /* the next rescue waits until its stage has ended */
static atomic_bool was_outlasted; /* it has */

bool __real_weir__shift_count_rescue(weir_stage *stage);
bool __wrap_weir__shift_count_rescue(weir_stage *stage);

bool __wrap_weir__shift_count_rescue(weir_stage *stage) {
    if (!atomic_exchange(&outlasts, false))
        return __real_weir__shift_count_rescue(stage);
    gate_open(&calls);
    while ((weir__u32_load_acquire(&stage->shift.calls) & WEIR__CALLS_ENDED) == 0)
        nap();
    bool counted = __real_weir__shift_count_rescue(stage);
    atomic_store(&was_outlasted, !counted);
    return counted;
}

/* N2: a stage that has ended is not counted again, and its rescue touches nothing. */
START_TEST (a_rescue_that_the_end_of_its_stage_overtakes_does_nothing) {
    calls = (struct gate)GATE;
    atomic_store(&was_outlasted, false);
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.grace = HANG_SECONDS * SECONDS});
    add_stage(pipeline,
              (weir_stage_options){
                  .name = "lasts", .work.func = consume_at_gate, .threads.width = 1, .input.drop = thing_drop});
    start_pipeline(pipeline);
    atomic_store(&outlasts, true);
    put_things(pipeline, 1);
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    ck_assert_uint_eq(report->counts.done, 1);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    ck_assert(atomic_load(&was_outlasted));
    assert_things_ended();
}
END_TEST

/* ---- a finish, between its limit and its message ---- */

static atomic_bool lacks_memory; /* for reports */
static weir_pipeline *late;      /* its function returns before the message; NULL: none */

weir_status __real_weir_pipeline_report(weir_pipeline *pipeline, weir_report **report);
weir_status __wrap_weir_pipeline_report(weir_pipeline *pipeline, weir_report **report);
weir_status __real_weir__refuse_busy(weir_pipeline *pipeline, const weir_report *report, const char *call);
weir_status __wrap_weir__refuse_busy(weir_pipeline *pipeline, const weir_report *report, const char *call);

weir_status __wrap_weir_pipeline_report(weir_pipeline *pipeline, weir_report **report) {
    if (!atomic_load(&lacks_memory))
        return __real_weir_pipeline_report(pipeline, report);
    *report = NULL;
    return WEIR_NOMEM;
}

weir_status __wrap_weir__refuse_busy(weir_pipeline *pipeline, const weir_report *report, const char *call) {
    if (pipeline == late) {
        atomic_store(&lacks_memory, false);
        gate_open(&calls);
        for (size_t count = 1; count > 0; nap()) {
            weir_report *now = report_of(pipeline);
            count = now->late_count;
            weir_report_free(now);
        }
    }
    return __real_weir__refuse_busy(pipeline, report, call);
}

/* Without memory for a report, a finish that was late says so, also if no thread is late any more. */
START_TEST (a_finish_that_is_late_for_an_ended_function_says_so) {
    weir_report *report = NULL;
    calls = (struct gate)GATE;
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.grace = MILLISECONDS});
    add_stage(pipeline, (weir_stage_options){.name = "lasts", .work.func = consume_at_gate, .input.drop = thing_drop});
    start_pipeline(pipeline);
    put_things(pipeline, 1);
    gate_wait_for(&calls, 1);
    put_things(pipeline, 1); /* which the cancel drops */
    late = pipeline;
    atomic_store(&lacks_memory, true);
    assert_status(WEIR_BUSY, weir_pipeline_finish(pipeline, 0, &report));
    late = NULL;
    ck_assert_ptr_null(report);
    assert_message(pipeline, "finish: a function has not returned, or an operation is not finished");
    finish_and_destroy(pipeline, WEIR_TIMEDOUT);
    assert_things_ended();
}
END_TEST

/* ---- a finish, beside a call that is still inside the pipeline ---- */

static struct gate inside = GATE;
static atomic_bool starts;              /* the next start of a thread passes the gate */
static _Atomic(weir_pipeline *) drains; /* it is cancelled once all is drained, and the cancel passes the gate */
static struct pipeline_call cancel;

bool __real_weir__thread_start(weir__thread *thread);
bool __wrap_weir__thread_start(weir__thread *thread);
bool __real_weir__timers_join_until(weir__timers *timers, uint64_t deadline);
bool __wrap_weir__timers_join_until(weir__timers *timers, uint64_t deadline);
void __real_weir__abort_cancelled(weir_pipeline *pipeline);
void __wrap_weir__abort_cancelled(weir_pipeline *pipeline);

bool __wrap_weir__thread_start(weir__thread *thread) {
    if (atomic_exchange(&starts, false))
        gate_pass(&inside);
    return __real_weir__thread_start(thread);
}

bool __wrap_weir__timers_join_until(weir__timers *timers, uint64_t deadline) {
    weir_pipeline *pipeline = atomic_exchange(&drains, NULL);
    if (pipeline != NULL) {
        cancel = (struct pipeline_call){.pipeline = pipeline};
        call_start(&cancel.call, make_pipeline_cancel);
        gate_wait_for(&inside, 1);
    }
    return __real_weir__timers_join_until(timers, deadline);
}

void __wrap_weir__abort_cancelled(weir_pipeline *pipeline) {
    if (pipeline == cancel.pipeline)
        gate_pass(&inside);
    __real_weir__abort_cancelled(pipeline);
}

/* The program may destroy the pipeline after the finish: the finish waits for a cancel that came when all was drained. */
START_TEST (a_finish_waits_for_a_cancel_that_comes_late) {
    inside = (struct gate)GATE;
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_stage(pipeline, (weir_stage_options){.name = "only", .work.func = consume_thing, .threads.count = 1});
    start_pipeline(pipeline);
    put_things(pipeline, 3);
    struct pipeline_call finish = {.pipeline = pipeline, .call.deadline = WEIR_NEVER};
    atomic_store(&drains, pipeline);
    call_start(&finish.call, make_pipeline_finish);
    gate_wait_for(&inside, 1);
    ck_assert(call_is_asleep(&finish.call));
    gate_open(&inside);
    assert_status(WEIR_CANCELLED, call_finish(&finish.call));
    assert_status(WEIR_OK, call_finish(&cancel.call));
    ck_assert_uint_eq(finish.report->counts.done, 3);
    ck_assert_uint_eq(finish.report->counts.dropped, 0);
    weir_report_free(finish.report);
    cancel.pipeline = NULL;
    destroy_pipeline(pipeline);
}
END_TEST

static FILE *nowhere;

static void make_show(struct call *call) {
    call->status = weir_pipeline_show(((struct pipeline_call *)call)->pipeline, nowhere, 0);
}

/* D3: the same for the thread of a view that is being started: the finish then ends it. */
START_TEST (a_finish_waits_for_a_view_that_is_being_started) {
    inside = (struct gate)GATE;
    nowhere = fopen("/dev/null", "w");
    ck_assert_ptr_nonnull(nowhere);
    size_t before = threads_at_rest();
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_stage(pipeline, (weir_stage_options){.name = "only", .work.func = consume_thing, .threads.count = 1});
    start_pipeline(pipeline);
    struct pipeline_call finish = {.pipeline = pipeline, .call.deadline = WEIR_NEVER}, show = {.pipeline = pipeline};
    atomic_store(&starts, true);
    call_start(&show.call, make_show);
    gate_wait_for(&inside, 1);
    call_start_asleep(&finish.call, make_pipeline_finish);
    gate_open(&inside);
    assert_status(WEIR_OK, call_finish(&show.call));
    assert_status(WEIR_OK, call_finish(&finish.call));
    weir_report_free(finish.report);
    destroy_pipeline(pipeline);
    ck_assert(wait_for_threads(before));
    fclose(nowhere);
}
END_TEST

static Suite *between_suite(void) {
    Suite *suite = suite_create("between two steps");
    TCase *tests = add_things_case(suite, "tests");
    tcase_add_test(tests, an_emit_that_an_end_overtakes_is_refused);
    tcase_add_loop_test(tests, traffic_does_not_prolong_a_wait_for_idleness, 0, 2);
    tcase_add_test(tests, a_thread_added_before_a_cancel_calls_nothing_after_it);
    tcase_add_test(tests, a_rescue_that_the_end_of_its_stage_overtakes_does_nothing);
    tcase_add_test(tests, a_finish_that_is_late_for_an_ended_function_says_so);
    tcase_add_test(tests, a_finish_waits_for_a_cancel_that_comes_late);
    tcase_add_test(tests, a_finish_waits_for_a_view_that_is_being_started);
    return suite;
}

int main(void) {
    return run_suite(between_suite());
}
