/*
 * test_pipeline_late.c - the scope of an end's deadline: each callback of the program, wherever it is called, and the
 * exit of each thread. The report names each late thread and its place.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE /* fopencookie */
#include "pipeline_support.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

static struct gate gate; /* blocks the late function */
static pthread_key_t specific;

static void begin_test(void) {
    gate = (struct gate)GATE;
}

static void wait_here(void) {
    gate_pass(&gate);
}

/* ---- functions that block ---- */

static int wait_in_run(weir_task *task, void *item, void *unused) {
    (void)task;
    (void)unused;
    wait_here();
    thing_consume(item);
    return 0;
}

static void wait_in_drop(void *item, void *unused) {
    wait_here();
    thing_drop(item, unused);
}

static void wait_in_fini(void *unused) {
    (void)unused;
    wait_here();
}

static uint64_t wait_in_key(const void *item, void *unused) {
    (void)item;
    (void)unused;
    wait_here();
    return 0;
}

static bool wait_in_when(int code, void *unused) {
    (void)code;
    (void)unused;
    wait_here();
    return false;
}

static uint64_t wait_in_weigh(const void *item, void *unused) {
    (void)item;
    (void)unused;
    wait_here();
    return 1;
}

static void wait_in_destructor(void *unused) {
    (void)unused;
    wait_here();
}

static int leave_specific(weir_task *task, void *item, void *unused) {
    (void)task;
    (void)unused;
    pthread_setspecific(specific, &gate);
    thing_consume(item);
    return 0;
}

static int fail_at_once(weir_task *task, void *item, void *unused) {
    (void)task;
    (void)item;
    (void)unused;
    return 5;
}

/* Each place in which a worker may be late. */
static const struct late_worker {
    weir_stage_options options;
    weir_place where;
    bool at_end; /* reached once all items are done */
} late_workers[] = {
    {{.work.run = wait_in_run}, WEIR_IN_FUNCTION, false},
    {{.work.run = fail_at_once, .input.drop = wait_in_drop, .errors.on_error = WEIR_SKIP}, WEIR_IN_DROP, false},
    {{.work.run = run_consume, .work.fini = wait_in_fini}, WEIR_IN_FINI, true},
    {{.work.run = run_consume, .limits.per_key = 1, .limits.key = wait_in_key}, WEIR_IN_CALLBACK, false},
    {{.work.run = fail_at_once,
      .input.drop = thing_drop,
      .errors.on_error = WEIR_SKIP,
      .errors.retry = {.attempts = 2, .when = wait_in_when}},
     WEIR_IN_CALLBACK,
     false},
    {{.work.run_batch = run_batch_consume, .batch = {.bytes = 1, .weigh = wait_in_weigh}}, WEIR_IN_CALLBACK, false},
    {{.work.run = leave_specific}, WEIR_AT_EXIT, true},
    {{.work.run = leave_specific, .threads = {.count = 1, .max = 3}},
     WEIR_AT_EXIT,
     true}, /* threads never added: none */
};

/* On a slow machine the thread of a cancel may be late too, between two drop functions: it is of no stage. */
static bool is_dropper(const weir_late_worker *late) {
    return late->number == SIZE_MAX && late->where == WEIR_IN_DROP && late->stage[0] == '\0';
}

static void assert_named(const weir_report *report, const char *stage, size_t number, weir_place where) {
    const weir_late_worker *named = NULL;
    for (size_t i = 0; i < report->late_count; i++) {
        if (is_dropper(&report->late[i]))
            continue;
        ck_assert_msg(named == NULL, "two are late: of %s and %s", named->stage, report->late[i].stage);
        named = &report->late[i];
    }
    ck_assert_ptr_nonnull(named);
    ck_assert_str_eq(named->stage, stage);
    ck_assert_uint_eq(named->number, number);
    ck_assert_int_eq(named->where, where);
    ck_assert(named->stuck);
    ck_assert_uint_gt(named->since, 0);
}

static const char *const places[] = {"in its function", "in a drop function",  "in its fini",
                                     "in a callback",   "writing to a stream", "ending its thread"};

/* Opens the gate, and ends the pipeline. */
static weir_status end_late(weir_pipeline *pipeline) {
    weir_status status = WEIR_BUSY;
    gate_open(&gate);
    for (weir_deadline limit = hang_limit(); status == WEIR_BUSY && now() < limit;)
        status = weir_pipeline_finish(pipeline, limit, NULL);
    destroy_pipeline(pipeline);
    return status;
}

START_TEST (a_worker_that_is_late_is_named_with_its_place) {
    const struct late_worker *late = &late_workers[_i / 2];
    bool destroys = _i % 2 == 1;
    char message[100];
    weir_report *report;
    weir_stage_options options = late->options;
    options.name = "late";
    options.input.drop = options.input.drop == NULL ? thing_drop : options.input.drop;
    ck_assert_int_eq(pthread_key_create(&specific, wait_in_destructor), 0);
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.grace = MILLISECONDS});
    add_stage(pipeline, options);
    start_pipeline(pipeline);
    put_things(pipeline, 1);
    if (late->at_end) {
        while (things_consumed() == 0)
            nap();
    } else {
        gate_wait_for(&gate, 1);
    }
    if (destroys) {
        assert_status(WEIR_BUSY, weir_pipeline_destroy(pipeline));
        assert_message(pipeline, "stage late: destroy: thread 0 has been ");
    }
    if (late->at_end) {
        assert_status(WEIR_BUSY, weir_pipeline_finish(pipeline, 0, NULL));
        gate_wait_for(&gate, 1); /* it may still have been on its way */
    }
    for (int i = 0; i < 3; i++) {
        assert_status(WEIR_BUSY, weir_pipeline_finish(pipeline, 0, &report));
        ck_assert_ptr_nonnull(report);
        assert_named(report, "late", 0, late->where);
        (void)snprintf(message, sizeof message, "stage late: finish: thread 0 has been %s for ", places[late->where]);
        assert_message(pipeline, message);
        weir_report_free(report);
    }
    (void)end_late(pipeline);
    assert_things_ended();
    pthread_key_delete(specific);
}
END_TEST

/* ---- late since when ---- */

static struct {
    weir_pipeline *pipeline;
    uint64_t since, seen; /* the callback's start, and the time of the report */
} asked;

static uint64_t tell_since(const void *item, void *unused) {
    weir_report *report;
    (void)item;
    (void)unused;
    if (asked.seen != 0)
        return 1;
    (void)weir_pipeline_cancel(asked.pipeline); /* the report names late threads only during an end */
    if (weir_pipeline_report(asked.pipeline, &report) == WEIR_OK) {
        asked.since = report->late_count == 1 ? report->late[0].since : UINT64_MAX;
        weir_report_free(report);
    }
    asked.seen = now();
    return 1;
}

static uint64_t starved_in(weir_pipeline *pipeline) {
    weir_report *report = report_of(pipeline);
    uint64_t starved = report->stages[0].starved;
    weir_report_free(report);
    return starved;
}

/* The first callback after a sleep begins no earlier than the event that woke its worker. */
START_TEST (a_callback_has_not_begun_before_its_worker_woke) {
    static const weir_stage_options callbacks[] = {
        {.work.run = run_consume, .limits.per_key = 1, .limits.key = tell_since},
        {.work.run_batch = run_batch_consume, .batch = {.bytes = 1, .weigh = tell_since}},
    };
    weir_stage_options options = callbacks[_i];
    options.name = "asked";
    options.input.drop = thing_drop;
    asked.seen = 0;
    asked.pipeline = new_pipeline(NULL);
    add_stage(asked.pipeline, options);
    start_pipeline(asked.pipeline);
    while (starved_in(asked.pipeline) == 0) /* until the worker sleeps */
        nap();
    uint64_t before = now();
    put_things(asked.pipeline, 1);
    finish_and_destroy(asked.pipeline, WEIR_CANCELLED);
    ck_assert_uint_le(asked.since, asked.seen - before);
    assert_things_ended();
}
END_TEST

/* ---- drop functions ---- */

static void hold_first_drop(void *item, void *unused) {
    if (((struct thing *)item)->n == 1)
        wait_here();
    thing_drop(item, unused);
}

static struct gate inside;

static int wait_inside(weir_task *task, void *item, void *unused) {
    (void)task;
    (void)unused;
    gate_pass(&inside);
    thing_consume(item);
    return 0;
}

/* One item is in the function, which returns when asked to; the others are queued. The first drop blocks. */
static weir_pipeline *holding_drops(void) {
    inside = (struct gate)GATE;
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.grace = 20 * MILLISECONDS});
    add_stage(pipeline, (weir_stage_options){.name = "drops", .work.run = wait_inside, .input.drop = hold_first_drop});
    start_pipeline(pipeline);
    put_things(pipeline, 1);
    gate_wait_for(&inside, 1);
    put_things(pipeline, 10);
    return pipeline;
}

/* A finish past its deadline, or a destroy, does not drop items in its own thread. */
START_TEST (a_drop_function_does_not_block_a_finish) {
    weir_report *report;
    weir_pipeline *pipeline = holding_drops();
    if (_i == 0)
        assert_status(WEIR_BUSY, weir_pipeline_finish(pipeline, 0, NULL));
    else
        assert_status(WEIR_BUSY, weir_pipeline_destroy(pipeline));
    gate_wait_for(&gate, 1);
    gate_open(&inside);
    while (things_consumed() == 0)
        nap();
    do {
        assert_status(WEIR_BUSY, weir_pipeline_finish(pipeline, 0, &report));
        ck_assert_uint_ge(report->late_count, 1);
        if (report->late_count == 1) /* the worker may still be exiting */
            break;
        weir_report_free(report);
    } while (true);
    assert_named(report, "drops", SIZE_MAX, WEIR_IN_DROP);
    weir_report_free(report);
    assert_status(_i == 0 ? WEIR_TIMEDOUT : WEIR_CANCELLED, end_late(pipeline));
    ck_assert_uint_eq(things_dropped(), 10);
    assert_things_ended();
}
END_TEST

/* The cancelling thread drops the items; a concurrent finish keeps its deadline. */
START_TEST (a_drop_function_in_the_thread_that_cancels_is_named) {
    weir_report *report;
    weir_pipeline *pipeline = holding_drops();
    struct pipeline_call cancel = {.pipeline = pipeline};
    call_start(&cancel.call, make_pipeline_cancel);
    gate_wait_for(&gate, 1);
    gate_open(&inside);
    while (things_consumed() == 0)
        nap();
    do {
        assert_status(WEIR_BUSY, weir_pipeline_finish(pipeline, 0, &report));
        ck_assert_uint_ge(report->late_count, 1);
        if (report->late_count == 1)
            break;
        weir_report_free(report);
    } while (true);
    assert_named(report, "drops", SIZE_MAX, WEIR_IN_DROP);
    weir_report_free(report);
    gate_open(&gate);
    assert_status(WEIR_OK, call_finish(&cancel.call));
    assert_status(WEIR_CANCELLED, end_late(pipeline));
    assert_things_ended();
}
END_TEST

/* The report has one line for each cancelling thread. */
static int cancel_in_run(weir_task *task, void *item, void *unused) {
    (void)unused;
    if (((struct thing *)item)->n == 0) {
        gate_pass(&inside);
        weir_pipeline_cancel(weir_task_pipeline(task));
    }
    thing_consume(item);
    return 0;
}

static int fail_in_run(weir_task *task, void *item, void *unused) {
    (void)unused;
    if (((struct thing *)item)->n == 0) {
        gate_pass(&inside);
        return weir_task_fail(task, 28, "disk full");
    }
    return run_consume(task, item, NULL);
}

static weir_pipeline *cancelled_by_weigh;

static uint64_t cancel_in_weigh(const void *item, void *unused) {
    (void)unused;
    if (((const struct thing *)item)->n == 11)
        weir_pipeline_cancel(cancelled_by_weigh);
    return 0;
}

static void *put_twelfth(void *pipeline) {
    struct thing *thing = thing_new();
    if (weir_pipeline_put(pipeline, thing) != WEIR_OK)
        thing_consume(thing);
    return NULL;
}

static weir_report *report_with_one_late(weir_pipeline *pipeline) {
    weir_report *report;
    for (;;) {
        assert_status(WEIR_BUSY, weir_pipeline_finish(pipeline, 0, &report));
        if (report->late_count == 1) /* a worker may still be exiting */
            return report;
        weir_report_free(report);
    }
}

/* A worker, in its function or after it; or a caller, in its weigh function. */
START_TEST (a_thread_that_cancels_and_drops_is_named_once) {
    static weir_task_func *const functions[] = {cancel_in_run, fail_in_run, wait_inside};
    pthread_t putter;
    bool weighs = _i == 2;
    inside = (struct gate)GATE;
    cancelled_by_weigh =
        new_pipeline(&(weir_pipeline_options){.grace = 20 * MILLISECONDS, .weigh = weighs ? cancel_in_weigh : NULL});
    weir_pipeline *pipeline = cancelled_by_weigh;
    add_stage(pipeline,
              (weir_stage_options){.name = "drops", .work.run = functions[_i], .input.drop = hold_first_drop});
    start_pipeline(pipeline);
    put_things(pipeline, 1);
    gate_wait_for(&inside, 1);
    put_things(pipeline, 10);
    if (weighs)
        thread_start(&putter, put_twelfth, pipeline);
    else
        gate_open(&inside);
    gate_wait_for(&gate, 1);
    if (weighs)
        gate_open(&inside);
    weir_report *report = report_with_one_late(pipeline);
    assert_named(report, "drops", weighs ? SIZE_MAX : 0, WEIR_IN_DROP);
    weir_report_free(report);
    gate_open(&gate);
    if (weighs)
        thread_join(putter);
    assert_status(_i == 1 ? WEIR_FAILED : WEIR_CANCELLED, end_late(pipeline));
    assert_things_ended();
}
END_TEST

static void drop_slowly(void *item, void *unused) {
    nap();
    thing_drop(item, unused);
}

static int fail_the_fifth(weir_task *task, void *item, void *unused) {
    (void)unused;
    if (((struct thing *)item)->n == 0)
        gate_pass(&inside);
    return ((struct thing *)item)->n == 4 ? weir_task_fail(task, 28, "disk full") : run_consume(task, item, NULL);
}

/* A worker that failed and ended the run drops queued items. It is busy meanwhile, and each WEIR_BUSY names it. */
START_TEST (every_busy_end_names_a_late_thread) {
    enum { WAITING = 200 };
    weir_report *report = NULL;
    weir_status status;
    inside = (struct gate)GATE;
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.grace = 1000 * (uint64_t)(_i + 1)});
    add_stage(pipeline, (weir_stage_options){.name = "work",
                                             .work.run = fail_the_fifth,
                                             .input.drop = drop_slowly,
                                             .input.capacity = 2 * WAITING});
    start_pipeline(pipeline);
    put_things(pipeline, WAITING);
    gate_open(&inside);
    while ((status = weir_pipeline_finish(pipeline, hang_limit(), &report)) == WEIR_BUSY) {
        ck_assert_ptr_nonnull(report);
        ck_assert_uint_ge(report->late_count, 1);
        ck_assert_int_ne(report->late[0].where, WEIR_IN_CALLBACK); /* before, in and after its drop functions */
        weir_report_free(report);
    }
    assert_status(WEIR_FAILED, status);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    assert_things_ended();
}
END_TEST

/* ---- views, traces and signals ---- */

static ssize_t write_at_gate(void *cookie, const char *text, size_t size) {
    (void)cookie;
    (void)text;
    wait_here();
    return (ssize_t)size;
}

/* Returns the report of a finish that waits for no worker; on a busy machine, some may still be exiting before. */
static weir_report *finish_past_the_workers(weir_pipeline *pipeline) {
    weir_report *report;
    for (;;) {
        assert_status(WEIR_BUSY, weir_pipeline_finish(pipeline, weir_deadline_after(200 * MILLISECONDS), &report));
        if (report->state == WEIR_RUN_OVER)
            return report;
        weir_report_free(report);
    }
}

/*
 * Three items are done, and a stream blocks: each finish names the stream, and destroy returns WEIR_BUSY. Then the
 * stream accepts data.
 */
static void expect_blocked_stream(weir_pipeline *pipeline) {
    wait_until_empty(pipeline);
    for (int i = 0; i < 2; i++) {
        weir_report *report = finish_past_the_workers(pipeline);
        assert_named(report, "", SIZE_MAX, WEIR_IN_STREAM);
        ck_assert_uint_eq(report->counts.done, 3);
        weir_report_free(report);
    }
    assert_message(pipeline, "finish: a thread has been writing to a stream for ");
    assert_status(WEIR_BUSY, weir_pipeline_destroy(pipeline));
    assert_message(pipeline, "destroy: a thread has been writing to a stream for ");
    assert_status(WEIR_OK, end_late(pipeline));
}

START_TEST (a_view_with_a_blocked_stream_is_named) {
    weir_report *report;
    FILE *stream = fopencookie(NULL, "w", (cookie_io_functions_t){.write = write_at_gate});
    ck_assert_ptr_nonnull(stream);
    setvbuf(stream, NULL, _IONBF, 0);
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.grace = MILLISECONDS});
    add_stage(pipeline, (weir_stage_options){.name = "a", .work.func = consume_thing});
    start_pipeline(pipeline);
    assert_status(WEIR_OK, weir_pipeline_show(pipeline, stream, 0));
    gate_wait_for(&gate, 1);
    put_things(pipeline, 3);
    while (things_consumed() < 3)
        nap();
    report = report_of(pipeline);
    ck_assert_int_eq(report->state, WEIR_RUN_RUNNING);
    ck_assert_uint_eq(report->late_count, 0); /* no call waits for it yet */
    weir_report_free(report);
    expect_blocked_stream(pipeline);
    fclose(stream);
}
END_TEST

/* The deadline also covers the write of a trace's last part. */
START_TEST (a_trace_with_a_blocked_stream_is_named) {
    FILE *trace = fopencookie(NULL, "w", (cookie_io_functions_t){.write = write_at_gate});
    ck_assert_ptr_nonnull(trace);
    setvbuf(trace, NULL, _IOFBF, 1 << 16);
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.grace = MILLISECONDS, .trace = trace});
    add_stage(pipeline, (weir_stage_options){.name = "a", .work.func = consume_thing});
    start_pipeline(pipeline);
    put_things(pipeline, 3);
    expect_blocked_stream(pipeline);
    fclose(trace);
}
END_TEST

static void drop_and_leave_specific(void *item, void *unused) {
    pthread_setspecific(specific, &gate);
    thing_drop(item, unused);
}

/* Ends the pipeline until the only late thread is of no stage and past all functions. */
static void expect_helper_at_exit(weir_pipeline *pipeline) {
    weir_report *report;
    do {
        assert_status(WEIR_BUSY, weir_pipeline_finish(pipeline, weir_deadline_after(200 * MILLISECONDS), &report));
        if (report->late[0].number == SIZE_MAX) /* the worker may still be exiting */
            break;
        weir_report_free(report);
    } while (true);
    assert_named(report, "", SIZE_MAX, WEIR_AT_EXIT);
    weir_report_free(report);
}

/* After the deadline of a finish, a thread drops the items. Here it then blocks in a destructor. */
START_TEST (the_thread_that_drops_is_named_at_its_exit) {
    ck_assert_int_eq(pthread_key_create(&specific, wait_in_destructor), 0);
    inside = (struct gate)GATE;
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.grace = MILLISECONDS});
    add_stage(pipeline,
              (weir_stage_options){.name = "drops", .work.run = wait_inside, .input.drop = drop_and_leave_specific});
    start_pipeline(pipeline);
    put_things(pipeline, 1);
    gate_wait_for(&inside, 1);
    put_things(pipeline, 5);
    assert_status(WEIR_BUSY, weir_pipeline_finish(pipeline, 0, NULL));
    gate_wait_for(&gate, 1);
    ck_assert_uint_eq(things_dropped(), 5);
    gate_open(&inside);
    while (things_consumed() == 0)
        nap();
    expect_helper_at_exit(pipeline);
    assert_status(WEIR_TIMEDOUT, end_late(pipeline));
    assert_things_ended();
    pthread_key_delete(specific);
}
END_TEST

/* The second signal cancels: the thread that it wakes drops items, and then blocks in a destructor. */
START_TEST (the_thread_of_the_signals_is_named_at_its_exit) {
    static const int signals[] = {SIGUSR1};
    weir_report *report;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    ck_assert_int_eq(pthread_key_create(&specific, wait_in_destructor), 0);
    inside = (struct gate)GATE;
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.grace = MILLISECONDS});
    add_stage(pipeline,
              (weir_stage_options){.name = "drops", .work.run = wait_inside, .input.drop = drop_and_leave_specific});
    start_pipeline(pipeline);
    assert_status(WEIR_OK, weir_pipeline_end_on(pipeline, signals, 1, HANG_SECONDS * SECONDS));
    put_things(pipeline, 1);
    gate_wait_for(&inside, 1);
    put_things(pipeline, 5);
    ck_assert_int_eq(kill(getpid(), SIGUSR1), 0);
    for (int signal = 0; signal == 0; nap()) {
        report = report_of(pipeline);
        signal = report->signal;
        weir_report_free(report);
    }
    ck_assert_int_eq(kill(getpid(), SIGUSR1), 0);
    gate_wait_for(&gate, 1);
    gate_open(&inside);
    while (things_consumed() == 0)
        nap();
    expect_helper_at_exit(pipeline);
    assert_status(WEIR_CANCELLED, end_late(pipeline));
    assert_things_ended();
    pthread_key_delete(specific);
}
END_TEST

/* ---- with a concurrent finish ---- */

/* Starts a finish without a deadline; it waits for the threads. */
static void start_endless_finish(struct pipeline_call *call, weir_pipeline *pipeline) {
    *call = (struct pipeline_call){.call = {.deadline = WEIR_NEVER}, .pipeline = pipeline};
    call_start_asleep(&call->call, make_pipeline_finish);
}

static void assert_busy_and_named(struct pipeline_call *call, const char *stage, size_t number, weir_place where) {
    assert_status(WEIR_BUSY, call_finish(&call->call));
    ck_assert_ptr_nonnull(call->report);
    assert_named(call->report, stage, number, where);
    weir_report_free(call->report);
}

/* Nothing is dropped: a deadline that passes during a fini of another thread's finish causes no WEIR_TIMEDOUT. */
START_TEST (a_deadline_that_passes_while_another_thread_joins_cancels_nothing) {
    struct pipeline_call others[3];
    weir_report *report;
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.grace = MILLISECONDS});
    add_stage(pipeline, (weir_stage_options){.name = "late", .work.run = run_consume, .work.fini = wait_in_fini});
    start_pipeline(pipeline);
    put_things(pipeline, 3);
    for (size_t i = 0; i < COUNT_OF(others); i++)
        start_endless_finish(&others[i], pipeline);
    gate_wait_for(&gate, 1);
    assert_status(WEIR_BUSY, weir_pipeline_finish(pipeline, 0, &report));
    assert_named(report, "late", 0, WEIR_IN_FINI);
    ck_assert_int_eq(report->state, WEIR_RUN_DRAINING);
    weir_report_free(report);
    for (size_t i = 0; i < COUNT_OF(others); i++)
        assert_busy_and_named(&others[i], "late", 0, WEIR_IN_FINI);
    assert_status(WEIR_OK, end_late(pipeline));
    ck_assert_uint_eq(things_consumed(), 3);
}
END_TEST

/* The run is over, but the view is not: the deadline covers it too. */
START_TEST (a_deadline_is_kept_behind_a_finish_that_waits_for_the_view) {
    struct pipeline_call other;
    weir_report *report;
    FILE *stream = fopencookie(NULL, "w", (cookie_io_functions_t){.write = write_at_gate});
    ck_assert_ptr_nonnull(stream);
    setvbuf(stream, NULL, _IONBF, 0);
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.grace = MILLISECONDS});
    add_stage(pipeline, (weir_stage_options){.name = "a", .work.func = consume_thing});
    start_pipeline(pipeline);
    assert_status(WEIR_OK, weir_pipeline_show(pipeline, stream, 0));
    gate_wait_for(&gate, 1);
    start_endless_finish(&other, pipeline);
    for (bool over = false; !over; nap()) {
        report = report_of(pipeline);
        over = report->state == WEIR_RUN_OVER;
        weir_report_free(report);
    }
    assert_status(WEIR_BUSY, weir_pipeline_finish(pipeline, 0, &report));
    assert_named(report, "", SIZE_MAX, WEIR_IN_STREAM);
    weir_report_free(report);
    assert_busy_and_named(&other, "", SIZE_MAX, WEIR_IN_STREAM);
    assert_status(WEIR_OK, end_late(pipeline));
    fclose(stream);
}
END_TEST

/* The recorded stream of a trace. */
struct kept {
    char text[4096];
    size_t size;
};

static ssize_t keep(void *cookie, const char *text, size_t size) {
    struct kept *kept = cookie;
    ck_assert_uint_lt(kept->size + size, sizeof kept->text);
    memcpy(kept->text + kept->size, text, size);
    kept->size += size;
    return (ssize_t)size;
}

static size_t count_in(const char *text, const char *wanted) {
    size_t count = 0;
    for (const char *at = text; (at = strstr(at, wanted)) != NULL; at++)
        count++;
    return count;
}

/* A finish after WEIR_BUSY for the view waits for the view only. */
START_TEST (a_run_is_completed_once) {
    struct kept kept = {.size = 0};
    weir_report *report;
    FILE *trace = fopencookie(&kept, "w", (cookie_io_functions_t){.write = keep});
    FILE *stream = fopencookie(NULL, "w", (cookie_io_functions_t){.write = write_at_gate});
    ck_assert(trace != NULL && stream != NULL);
    setvbuf(stream, NULL, _IONBF, 0);
    weir_queue *results = new_queue(1);
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.grace = MILLISECONDS, .trace = trace});
    add_stage(pipeline, (weir_stage_options){.name = "a", .work.func = hand_back, .output.results = results});
    start_pipeline(pipeline);
    assert_status(WEIR_OK, weir_pipeline_show(pipeline, stream, 0));
    gate_wait_for(&gate, 1);
    report = finish_past_the_workers(pipeline);
    uint64_t elapsed = report->elapsed;
    weir_report_free(report);
    assert_status(WEIR_OK, weir_queue_destroy(results)); /* shut down, and released by the pipeline */
    nap();
    gate_open(&gate);
    while (weir_pipeline_finish(pipeline, WEIR_NEVER, &report) == WEIR_BUSY)
        weir_report_free(report);
    ck_assert_uint_eq(report->elapsed, elapsed);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    fclose(stream);
    fclose(trace);
    ck_assert_uint_eq(count_in(kept.text, "\n]\n"), 1);
}
END_TEST

START_TEST (with_nothing_in_flight_every_finish_returns_ok) {
    for (int round = 0; round < 100; round++) {
        struct pipeline_call other = {.call = {.deadline = 0}};
        weir_pipeline *pipeline = other.pipeline = new_pipeline(NULL);
        add_stage(pipeline, (weir_stage_options){.name = "idle", .work.func = hand_back, .threads.count = 2});
        start_pipeline(pipeline);
        call_start(&other.call, make_pipeline_finish);
        assert_status(WEIR_OK, weir_pipeline_finish(pipeline, 0, NULL));
        assert_status(WEIR_OK, call_finish(&other.call));
        weir_report_free(other.report);
        destroy_pipeline(pipeline);
    }
}
END_TEST

/* ---- nothing in flight ---- */

static const weir_stage_options kinds[] = {
    {.work.func = hand_back},
    {.work.run = run_pass_on, .output.ordered = true, .threads.count = 3},
    {.work.run = run_pass_on, .threads.count = 3, .errors.retry = {.attempts = 2, .backoff = 1000}},
    {.work.run_batch = run_batch_consume, .batch = {.items = 10, .wait = SECONDS}},
};

/* On a busy machine a thread, past all functions, may need more time to exit than a finish gives it: finishes again. */
static weir_status finish_past_exits(weir_pipeline *pipeline, weir_deadline deadline) {
    weir_report *report;
    weir_status status;
    while ((status = weir_pipeline_finish(pipeline, deadline, &report)) == WEIR_BUSY) {
        ck_assert_int_eq(report->late[0].where, WEIR_AT_EXIT);
        weir_report_free(report);
    }
    weir_report_free(report);
    return status;
}

START_TEST (with_nothing_in_flight_a_finish_returns_ok_at_any_deadline) {
    for (int round = 0; round < 50; round++) {
        weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.grace = 1});
        weir_stage_options options = kinds[_i];
        options.name = "idle";
        add_stage(pipeline, options);
        add_stage(pipeline, (weir_stage_options){.name = "last", .work.func = hand_back, .threads.count = 2});
        start_pipeline(pipeline);
        weir_deadline deadline = round % 3 == 0 ? 0 : round % 3 == 1 ? 1 : weir_deadline_after(1);
        assert_status(WEIR_OK, finish_past_exits(pipeline, deadline));
        destroy_pipeline(pipeline);
    }
}
END_TEST

/* An idle source that polls its stop_fd. */
static int poll_stop_fd(weir_task *task, void *none, void *unused) {
    struct pollfd stop = {.fd = weir_task_stop_fd(task), .events = POLLIN};
    (void)none;
    (void)unused;
    ck_assert_int_eq(poll(&stop, 1, HANG_SECONDS * 1000), 1);
    return 0;
}

START_TEST (a_source_that_has_nothing_is_in_time) {
    weir_report *report;
    for (int round = 0; round < 20; round++) {
        weir_pipeline *pipeline = new_pipeline(NULL);
        add_stage(pipeline, (weir_stage_options){.name = "idle", .work.source = poll_stop_fd});
        add_stage(pipeline, (weir_stage_options){.name = "last", .work.func = hand_back});
        start_pipeline(pipeline);
        if (round % 2 == 0)
            nap();
        assert_status(WEIR_OK, weir_pipeline_finish(pipeline, 0, &report));
        ck_assert_int_eq(report->outcome, WEIR_OK);
        ck_assert_uint_eq(report->counts.in, 0);
        weir_report_free(report);
        destroy_pipeline(pipeline);
    }
}
END_TEST

/*
 * The last item is in the function at the deadline, and done within its grace: the status depends on whether an item
 * is queued behind it.
 */
START_TEST (a_deadline_at_which_nothing_is_dropped_is_kept) {
    bool waits = _i == 1;
    weir_report *report;
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.grace = HANG_SECONDS * SECONDS});
    add_stage(pipeline, (weir_stage_options){
                            .name = "last", .work.run = wait_in_run, .threads.count = 1, .input.drop = thing_drop});
    start_pipeline(pipeline);
    put_things(pipeline, 1);
    gate_wait_for(&gate, 1);
    if (waits)
        put_things(pipeline, 1);
    struct pipeline_call finish = {.call = {.deadline = 0}, .pipeline = pipeline};
    call_start_asleep(&finish.call, make_pipeline_finish);
    report = report_of(pipeline);
    ck_assert_int_eq(report->state, WEIR_RUN_CANCELLED);
    weir_report_free(report);
    gate_open(&gate);
    assert_status(waits ? WEIR_TIMEDOUT : WEIR_OK, call_finish(&finish.call));
    ck_assert_uint_eq(finish.report->counts.dropped, waits);
    weir_report_free(finish.report);
    destroy_pipeline(pipeline);
    assert_things_ended();
}
END_TEST

static Suite *late_suite(void) {
    Suite *suite = suite_create("late in a pipeline");
    TCase *workers = add_things_case(suite, "workers");
    tcase_add_checked_fixture(workers, begin_test, NULL);
    tcase_add_loop_test(workers, a_worker_that_is_late_is_named_with_its_place, 0, 2 * COUNT_OF(late_workers));
    tcase_add_loop_test(workers, a_callback_has_not_begun_before_its_worker_woke, 0, 2);
    TCase *drops = add_things_case(suite, "drops");
    tcase_add_checked_fixture(drops, begin_test, NULL);
    tcase_add_loop_test(drops, a_drop_function_does_not_block_a_finish, 0, 2);
    tcase_add_test(drops, a_drop_function_in_the_thread_that_cancels_is_named);
    tcase_add_loop_test(drops, a_thread_that_cancels_and_drops_is_named_once, 0, 3);
    tcase_add_loop_test(drops, every_busy_end_names_a_late_thread, 0, 3);
    TCase *others = add_things_case(suite, "others");
    tcase_add_checked_fixture(others, begin_test, NULL);
    tcase_add_test(others, a_view_with_a_blocked_stream_is_named);
    tcase_add_test(others, a_deadline_that_passes_while_another_thread_joins_cancels_nothing);
    tcase_add_test(others, a_deadline_is_kept_behind_a_finish_that_waits_for_the_view);
    tcase_add_test(others, a_run_is_completed_once);
    tcase_add_test(others, a_trace_with_a_blocked_stream_is_named);
    tcase_add_test(others, the_thread_that_drops_is_named_at_its_exit);
    tcase_add_test(others, the_thread_of_the_signals_is_named_at_its_exit);
    tcase_add_test(others, with_nothing_in_flight_every_finish_returns_ok);
    tcase_add_test(others, a_source_that_has_nothing_is_in_time);
    tcase_add_loop_test(others, a_deadline_at_which_nothing_is_dropped_is_kept, 0, 2);
    tcase_add_loop_test(others, with_nothing_in_flight_a_finish_returns_ok_at_any_deadline, 0, COUNT_OF(kinds));
    return suite;
}

int main(void) {
    return run_suite(late_suite());
}
