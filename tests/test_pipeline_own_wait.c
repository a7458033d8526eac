/*
 * test_pipeline_own_wait.c - work.wait: the thread of a stage sleeps in a loop of the program, which runs its operations.
 *
 * The loop of these tests has timers only: an operation is finished when its time has come.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline_support.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include <weir/operation.h>

enum { MOST = 64, CODE = 7 };

struct timer {
    weir_operation operation;
    struct thing *thing;
    weir_deadline due;
};

struct loop {
    weir_pipeline *pipeline;
    struct timer timers[MOST];
    size_t count, most;
    uint64_t takes; /* ns of an operation; WEIR_NEVER: it ends only by an abort */
    bool emits;
    unsigned fails; /* attempts that fail */
    pthread_t thread;
    bool has_thread, mixed;          /* calls have come on several threads */
    atomic_uint waits, looks, asked; /* calls of the wait, of those with deadline 0, and of abort */
    atomic_uint started;
    int fd;
};

/* Notes that the calling thread is that of the stage. */
static void note_thread(struct loop *loop) {
    if (!loop->has_thread)
        loop->thread = pthread_self();
    loop->has_thread = true;
    loop->mixed = loop->mixed || !pthread_equal(loop->thread, pthread_self());
}

static int start_timer(weir_task *task, void *thing, void *raw) {
    struct loop *loop = raw;
    note_thread(loop);
    weir_operation operation;
    if (loop->count == MOST || weir_task_detach(task, &operation) != WEIR_OK)
        return weir_task_fail(task, CODE, "no operation");
    loop->timers[loop->count++] =
        (struct timer){operation, thing, loop->takes == WEIR_NEVER ? WEIR_NEVER : weir_deadline_after(loop->takes)};
    loop->most = loop->count > loop->most ? loop->count : loop->most;
    atomic_fetch_add(&loop->started, 1);
    return WEIR_PENDING;
}

static void end_timer(struct loop *loop, size_t i, bool fails) {
    struct timer timer = loop->timers[i];
    loop->timers[i] = loop->timers[--loop->count];
    if (fails || atomic_fetch_add(&timer.thing->tries, 1) < loop->fails) {
        assert_status(WEIR_OK, weir_operation_fail(loop->pipeline, timer.operation, CODE, "failed"));
        return;
    }
    if (loop->emits)
        assert_status(WEIR_OK, weir_operation_emit(loop->pipeline, timer.operation, timer.thing));
    else
        thing_consume(timer.thing);
    assert_status(WEIR_OK, weir_operation_finish(loop->pipeline, timer.operation, 0));
}

static weir_deadline first_due(const struct loop *loop) {
    weir_deadline first = WEIR_NEVER;
    for (size_t i = 0; i < loop->count; i++)
        first = loop->timers[i].due < first ? loop->timers[i].due : first;
    return first;
}

/* Rounds up. */
static int milliseconds_until(weir_deadline deadline) {
    weir_deadline now = weir_deadline_after(0);
    if (deadline == WEIR_NEVER)
        return -1;
    return deadline <= now ? 0 : (int)((deadline - now) / MILLISECONDS + 1);
}

static void run_loop(int fd, weir_deadline deadline, void *raw) {
    struct loop *loop = raw;
    struct pollfd polled = {.fd = fd, .events = POLLIN};
    weir_deadline due = first_due(loop);
    note_thread(loop);
    loop->fd = fd;
    atomic_fetch_add(deadline == 0 ? &loop->looks : &loop->waits, 1);
    ck_assert_int_ge(poll(&polled, 1, milliseconds_until(due < deadline ? due : deadline)), 0);
    weir_deadline now = weir_deadline_after(0);
    for (size_t i = loop->count; i-- > 0;) {
        if (loop->timers[i].due <= now)
            end_timer(loop, i, false);
    }
}

static void abort_timer(weir_operation operation, weir_abort_reason why, void *raw) {
    struct loop *loop = raw;
    (void)why;
    note_thread(loop);
    atomic_fetch_add(&loop->asked, 1);
    for (size_t i = 0; i < loop->count; i++) {
        if (loop->timers[i].operation == operation) {
            end_timer(loop, i, true);
            return;
        }
    }
}

static weir_stage_options looping(struct loop *loop, size_t in_flight) {
    return (weir_stage_options){
        .name = "loop",
        .work = {.run = start_timer, .arg = loop, .wait = run_loop, .abort = abort_timer},
        .threads.count = 1,
        .input.drop = thing_drop,
        .limits.in_flight = in_flight,
    };
}

static weir_pipeline *begin(struct loop *loop, weir_stage_options options) {
    weir_pipeline *pipeline = loop->pipeline = new_pipeline(NULL);
    add_stage(pipeline, options);
    start_pipeline(pipeline);
    return pipeline;
}

static void finish(struct loop *loop, weir_status wanted) {
    finish_and_destroy(loop->pipeline, wanted);
    assert_things_ended();
    ck_assert_uint_eq(loop->count, 0);
    ck_assert(!loop->mixed);
}

/* ---- the run ---- */

START_TEST (one_thread_starts_awaits_and_finishes) {
    struct loop loop = {.takes = MILLISECONDS};
    weir_pipeline *pipeline = begin(&loop, looping(&loop, (size_t)_i));
    put_things(pipeline, 300);
    finish(&loop, WEIR_OK);
    ck_assert_uint_eq(loop.started, 300);
    ck_assert_uint_le(loop.most, (size_t)_i);
    ck_assert_uint_gt(loop.waits, 0);
}
END_TEST

static void *put_200(void *pipeline) {
    put_things(pipeline, 200);
    return NULL;
}

START_TEST (results_go_on_in_order_through_a_narrow_queue) {
    struct loop loop = {.takes = MILLISECONDS, .emits = true, .fails = _i == 1};
    weir_queue *results = new_queue(1);
    weir_stage_options options = looping(&loop, 40);
    options.output.ordered = true;
    options.output.results = results;
    options.errors.on_error = WEIR_SKIP;
    options.errors.retry.attempts = 2;
    weir_pipeline *pipeline = begin(&loop, options);
    pthread_t putter;
    ck_assert_int_eq(0, pthread_create(&putter, NULL, put_200, pipeline));
    for (size_t i = 0; i < 200; i++) {
        void *got;
        assert_status(WEIR_OK, weir_queue_get(results, &got));
        ck_assert_uint_eq(((struct thing *)got)->n, i);
        thing_consume(got);
        assert_status(WEIR_OK, weir_queue_task_done(results));
    }
    pthread_join(putter, NULL);
    finish(&loop, WEIR_OK);
    assert_status(WEIR_OK, weir_queue_destroy(results));
}
END_TEST

/* An item wakes the thread from its wait, which has no time of its own. */
START_TEST (an_item_ends_the_wait) {
    struct loop loop = {.takes = 0};
    weir_pipeline *pipeline = begin(&loop, looping(&loop, 1));
    for (unsigned i = 0; i < 20; i++) {
        let_them_err();
        put_things(pipeline, 1);
        wait_for_count(&loop.started, i + 1);
    }
    finish(&loop, WEIR_OK);
}
END_TEST

/* The loop does not know of these operations. */
static int begin_elsewhere(weir_task *task, void *thing, void *raw) {
    struct loop *loop = raw;
    struct timer *timer = &loop->timers[atomic_load(&loop->started)];
    timer->thing = thing;
    if (weir_task_detach(task, &timer->operation) != WEIR_OK)
        return CODE;
    atomic_fetch_add(&loop->started, 1);
    return WEIR_PENDING;
}

struct finisher {
    struct loop *loop;
    size_t which;
    pthread_t thread;
};

static void *finish_elsewhere(void *raw) {
    const struct finisher *finisher = raw;
    const struct timer *timer = &finisher->loop->timers[finisher->which];
    let_them_err();
    thing_consume(timer->thing);
    assert_status(WEIR_OK, weir_operation_finish(finisher->loop->pipeline, timer->operation, 0));
    return NULL;
}

/* The thread sleeps for a slot, or for the end of the last operation. */
START_TEST (a_finish_of_another_thread_ends_the_wait) {
    struct loop loop = {.takes = 0};
    struct finisher finishers[2] = {{.loop = &loop, .which = 0}, {.loop = &loop, .which = 1}};
    size_t count = _i == 1 ? 2 : 1;
    weir_stage_options options = looping(&loop, 1);
    options.work.run = begin_elsewhere;
    options.work.abort = NULL;
    weir_pipeline *pipeline = begin(&loop, options);
    put_things(pipeline, count);
    for (size_t i = 0; i < count; i++) {
        wait_for_count(&loop.started, (unsigned)i + 1);
        ck_assert_int_eq(0, pthread_create(&finishers[i].thread, NULL, finish_elsewhere, &finishers[i]));
    }
    if (_i == 2)
        assert_status(WEIR_OK, weir_pipeline_cancel(pipeline));
    finish_and_destroy(pipeline, _i == 2 ? WEIR_CANCELLED : WEIR_OK);
    for (size_t i = 0; i < count; i++)
        pthread_join(finishers[i].thread, NULL);
    assert_things_ended();
}
END_TEST

/* ---- ends ---- */

/* Only the stage's thread asks. It stays until all operations are finished. */
START_TEST (a_cancel_asks_in_the_thread_of_the_stage) {
    struct loop loop = {.takes = WEIR_NEVER};
    weir_pipeline *pipeline = begin(&loop, looping(&loop, 30));
    put_things(pipeline, 50);
    wait_for_count(&loop.started, 30);
    assert_status(WEIR_OK, weir_pipeline_cancel(pipeline));
    finish(&loop, WEIR_CANCELLED);
    ck_assert_uint_eq(loop.asked, 30);
}
END_TEST

START_TEST (the_alarm_asks_in_the_thread_of_the_stage) {
    struct loop loop = {.takes = WEIR_NEVER};
    weir_stage_options options = looping(&loop, 10);
    options.errors.attempt_time = MILLISECONDS;
    options.errors.on_error = WEIR_SKIP;
    weir_pipeline *pipeline = begin(&loop, options);
    put_things(pipeline, 20);
    finish(&loop, WEIR_OK);
    ck_assert_uint_eq(loop.asked, 20);
}
END_TEST

/* After a cancel, operations that no abort ends run to their own end. */
START_TEST (a_cancel_waits_for_the_loop) {
    struct loop loop = {.takes = 30 * MILLISECONDS};
    weir_stage_options options = looping(&loop, 10);
    options.work.abort = NULL;
    weir_pipeline *pipeline = begin(&loop, options);
    put_things(pipeline, 20);
    wait_for_count(&loop.started, 10);
    assert_status(WEIR_OK, weir_pipeline_cancel(pipeline));
    finish(&loop, WEIR_CANCELLED);
    ck_assert_uint_eq(loop.started, 10);
}
END_TEST

static int start_timer_or_exit(weir_task *task, void *thing, void *raw) {
    if (((struct thing *)thing)->n == 0)
        return start_timer(task, thing, raw);
    pthread_exit(NULL);
}

/* The thread that ends asks its operations first, and runs the loop until they are finished. */
START_TEST (a_thread_that_ends_runs_its_loop_first) {
    struct loop loop = {.takes = _i == 0 ? WEIR_NEVER : 20 * MILLISECONDS};
    weir_stage_options options = looping(&loop, 4);
    options.work.run = start_timer_or_exit;
    if (_i == 1)
        options.work.abort = NULL;
    weir_pipeline *pipeline = begin(&loop, options);
    put_things(pipeline, 1);
    wait_for_count(&loop.started, 1);
    (void)weir_pipeline_put(pipeline, thing_new());
    finish(&loop, WEIR_FAILED);
    ck_assert_uint_eq(loop.asked, _i == 0);
}
END_TEST

/* A wait that ends the thread is not called again. Its operations are finished elsewhere. */
static void exit_after_an_operation(int fd, weir_deadline deadline, void *raw) {
    struct loop *loop = raw;
    if (atomic_load(&loop->started) == 0) {
        run_loop(fd, deadline, raw);
        return;
    }
    atomic_fetch_add(&loop->asked, 1);
    pthread_exit(NULL);
}

START_TEST (a_wait_that_ends_the_thread_is_not_called_again) {
    struct loop loop = {.takes = 0};
    weir_stage_options options = looping(&loop, 2);
    options.work.run = begin_elsewhere;
    options.work.wait = exit_after_an_operation;
    options.work.abort = NULL;
    weir_pipeline *pipeline = loop.pipeline = new_pipeline(NULL);
    add_stage(pipeline, options);
    start_pipeline(pipeline);
    put_things(pipeline, 1);
    wait_for_count(&loop.asked, 1);
    finish_elsewhere(&(struct finisher){.loop = &loop});
    finish_and_destroy(pipeline, WEIR_FAILED);
    assert_things_ended();
    ck_assert_uint_eq(loop.asked, 1);
}
END_TEST

static weir_status fail_beside_an_operation(void *raw, void **state) {
    struct loop *loop = raw;
    *state = NULL;
    wait_for_count(&loop->started, 1);
    return WEIR_NOMEM;
}

/* The thread leaves its loop after `grace`. The operation must be finished before the pipeline is destroyed. */
START_TEST (a_failed_start_leaves_an_operation_to_the_destroy) {
    struct loop loop = {.takes = WEIR_NEVER};
    weir_pipeline *pipeline = loop.pipeline = new_pipeline(&(weir_pipeline_options){.grace = 1});
    weir_stage_options options = looping(&loop, 2);
    if (_i == 0)
        options.work.abort = NULL;
    add_failing_fan(pipeline, fail_beside_an_operation, &loop, options);
    assert_status(WEIR_INITFAILED, weir_pipeline_start(pipeline));
    if (_i == 0) {
        assert_status(WEIR_BUSY, weir_pipeline_destroy(pipeline));
        end_timer(&loop, 0, false);
    }
    assert_status(WEIR_OK, weir_pipeline_destroy(pipeline));
    assert_things_ended();
}
END_TEST

static void wait_and_end(int fd, weir_deadline deadline, void *raw) {
    struct loop *loop = raw;
    assert_status(WEIR_DEADLOCK, weir_pipeline_finish(loop->pipeline, WEIR_NEVER, NULL));
    assert_status(WEIR_DEADLOCK, weir_pipeline_destroy(loop->pipeline));
    run_loop(fd, deadline, raw);
}

START_TEST (a_wait_cannot_end_its_pipeline) {
    struct loop loop = {.takes = 0};
    weir_stage_options options = looping(&loop, 2);
    options.work.wait = wait_and_end;
    weir_pipeline *pipeline = begin(&loop, options);
    wait_for_count(&loop.waits, 1);
    finish_and_destroy(pipeline, WEIR_OK);
}
END_TEST

/* ---- limits ---- */

START_TEST (the_loop_runs_while_the_stage_is_paused) {
    struct loop loop = {.takes = 5 * MILLISECONDS};
    weir_pipeline *pipeline = loop.pipeline = new_pipeline(NULL);
    weir_stage *stage = add_stage(pipeline, looping(&loop, 2));
    start_pipeline(pipeline);
    put_things(pipeline, 10);
    wait_for_count(&loop.started, 2);
    assert_status(WEIR_OK, weir_pipeline_pause(pipeline, stage));
    for (size_t detached = 2; detached > 0;) {
        weir_report *report = report_of(pipeline);
        detached = stage_in(report, "loop")->detached;
        weir_report_free(report);
    }
    let_them_err();
    ck_assert_uint_le(loop.started, 4); /* a call that had passed the gate */
    assert_status(WEIR_OK, weir_pipeline_resume(pipeline, stage));
    finish(&loop, WEIR_OK);
    ck_assert_uint_eq(loop.started, 10);
}
END_TEST

START_TEST (the_loop_runs_while_the_rate_holds_the_stage_up) {
    struct loop loop = {.takes = MILLISECONDS};
    weir_stage_options options = looping(&loop, 20);
    options.limits.rate = 1000;
    weir_pipeline *pipeline = begin(&loop, options);
    put_things(pipeline, 40);
    finish(&loop, WEIR_OK);
    ck_assert_uint_lt(loop.most, 20);
}
END_TEST

static int start_first_only(weir_task *task, void *thing, void *raw) {
    if (((struct thing *)thing)->n == 0)
        return start_timer(task, thing, raw);
    note_thread(raw);
    thing_consume(thing);
    return 0;
}

/* Calls that follow one another without a wait do not keep the loop from its turn. */
START_TEST (a_busy_stage_looks_at_the_loop) {
    struct loop loop = {.takes = 0};
    weir_stage_options options = looping(&loop, 2);
    options.work.run = start_first_only;
    weir_pipeline *pipeline = begin(&loop, options);
    put_things(pipeline, 1);
    do
        put_things(pipeline, 64);
    while (atomic_load(&loop.looks) == 0);
    finish(&loop, WEIR_OK);
}
END_TEST

static atomic_uint room_is_filled;

/* The first call returns when the queue is full of items. The others are few, and slow. */
static int start_first_then_sleep(weir_task *task, void *thing, void *raw) {
    wait_for_count(&room_is_filled, 1);
    if (((struct thing *)thing)->n > 0)
        sleep_until(weir_deadline_after(2 * MILLISECONDS));
    return start_first_only(task, thing, raw);
}

START_TEST (a_stage_with_slow_calls_looks_at_the_loop) {
    struct loop loop = {.takes = 0};
    weir_stage_options options = looping(&loop, 2);
    options.work.run = start_first_then_sleep;
    atomic_store(&room_is_filled, 0);
    weir_pipeline *pipeline = begin(&loop, options);
    put_things(pipeline, 20);
    atomic_store(&room_is_filled, 1);
    finish(&loop, WEIR_OK);
    ck_assert_uint_gt(loop.looks, 0);
}
END_TEST

/* The first call returns when all items are in the queue. All are slow. */
static int sleep_in_call(weir_task *task, void *thing, void *raw) {
    (void)task;
    note_thread(raw);
    wait_for_count(&room_is_filled, 1);
    sleep_until(weir_deadline_after(2 * MILLISECONDS));
    thing_consume(thing);
    return 0;
}

START_TEST (a_stage_looks_at_the_loop_between_slow_calls_after_a_wait) {
    struct loop loop = {.takes = 0};
    weir_stage_options options = looping(&loop, 2);
    options.work.run = sleep_in_call;
    atomic_store(&room_is_filled, 0);
    weir_pipeline *pipeline = begin(&loop, options);
    wait_for_count(&loop.waits, 1);
    put_things(pipeline, 8);
    atomic_store(&room_is_filled, 1);
    finish(&loop, WEIR_OK);
    ck_assert_uint_ge(loop.looks, 7);
}
END_TEST

/* ---- stalls ---- */

static struct {
    atomic_uint told;
    weir_stall last;
    bool slept; /* one of them did not compute */
} stalls;

static void note_stall(const weir_stall *stall, void *unused) {
    (void)unused;
    stalls.last = *stall;
    stalls.slept = stalls.slept || !stall->computes;
    atomic_fetch_add(&stalls.told, 1);
}

static void compute_until_told(void) {
    volatile unsigned long steps = 0;
    while (atomic_load(&stalls.told) == 0)
        steps = steps + 1;
}

static void sleep_until_told(void) {
    while (atomic_load(&stalls.told) == 0)
        sleep_until(weir_deadline_after(SECONDS / 2));
}

static int compute(weir_task *task, void *thing, void *unused) {
    (void)task;
    (void)unused;
    compute_until_told();
    thing_consume(thing);
    return 0;
}

static int fall_asleep(weir_task *task, void *thing, void *unused) {
    (void)task;
    (void)unused;
    sleep_until_told();
    thing_consume(thing);
    return 0;
}

/* The functions of these waits hold the loop up once there is an item. */
static void wait_and_compute(int fd, weir_deadline deadline, void *raw) {
    struct loop *loop = raw;
    if (loop->count > 0)
        compute_until_told();
    run_loop(fd, deadline, raw);
}

/* This wait polls on although the bell has rung. */
static void wait_without_a_look(int fd, weir_deadline deadline, void *raw) {
    struct pollfd polled = {.fd = fd, .events = POLLIN};
    struct loop *loop = raw;
    atomic_fetch_add(&loop->waits, 1);
    if (deadline != 0 && loop->count == 0 && poll(&polled, 1, -1) == 1)
        while (atomic_load(&stalls.told) == 0)
            (void)poll(NULL, 0, 500);
    run_loop(fd, deadline, raw);
}

static weir_stage_options watched(struct loop *loop) {
    weir_stage_options options = looping(loop, 4);
    options.errors.stall_time = 20 * MILLISECONDS;
    options.errors.on_stall = note_stall;
    atomic_store(&stalls.told, 0);
    stalls.slept = false;
    return options;
}

static void finish_stalled(struct loop *loop, bool computes) {
    weir_report *report = finish_pipeline(loop->pipeline, WEIR_OK);
    const weir_stage_report *stage = stage_in(report, "loop");
    ck_assert_uint_eq(atomic_load(&stalls.told), 1);
    ck_assert_str_eq(stalls.last.stage, "loop");
    ck_assert_uint_ge(stalls.last.held, 20 * MILLISECONDS);
    ck_assert(stalls.last.computes == computes);
    ck_assert(!computes || stalls.last.system_call == -1);
    ck_assert_uint_eq(stage->stalls, 1);
    ck_assert_uint_ge(stage->longest_stall, stalls.last.held);
    ck_assert(stage->stall_computes == computes);
    weir_report_free(report);
    destroy_pipeline(loop->pipeline);
    assert_things_ended();
}

START_TEST (a_call_that_holds_the_thread_up_is_told) {
    struct loop loop = {.takes = 0};
    weir_stage_options options = watched(&loop);
    options.work.run = _i == 0 ? compute : fall_asleep;
    weir_pipeline *pipeline = begin(&loop, options);
    put_things(pipeline, 1);
    finish_stalled(&loop, _i == 0);
}
END_TEST

static struct gate stall_gate;

static int pass_stall_gate(weir_task *task, void *thing, void *unused) {
    (void)task;
    (void)unused;
    gate_pass(&stall_gate);
    thing_consume(thing);
    return 0;
}

START_TEST (a_stall_without_on_stall_is_in_the_report) {
    struct loop loop = {.takes = 0};
    weir_stage_options options = watched(&loop);
    uint64_t count = 0;
    stall_gate = (struct gate)GATE;
    options.work.run = pass_stall_gate;
    options.errors.on_stall = NULL;
    weir_pipeline *pipeline = begin(&loop, options);
    put_things(pipeline, 1);
    for (weir_deadline limit = hang_limit(); count == 0; nap()) {
        weir_report *report = report_of(pipeline);
        count = stage_in(report, "loop")->stalls;
        weir_report_free(report);
        ck_assert_uint_lt(now(), limit);
    }
    gate_open(&stall_gate);
    weir_report *report = finish_pipeline(pipeline, WEIR_OK);
    ck_assert_uint_eq(stage_in(report, "loop")->stalls, 1);
    ck_assert_uint_ge(stage_in(report, "loop")->longest_stall, 20 * MILLISECONDS);
    ck_assert_uint_eq(atomic_load(&stalls.told), 0);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    assert_things_ended();
}
END_TEST

START_TEST (a_wait_that_holds_the_thread_up_is_told) {
    struct loop loop = {.takes = 0};
    weir_stage_options options = watched(&loop);
    options.work.wait = _i == 0 ? wait_and_compute : wait_without_a_look;
    weir_pipeline *pipeline = begin(&loop, options);
    wait_for_count(&loop.waits, 1);
    put_things(pipeline, 1);
    finish_stalled(&loop, _i == 0);
}
END_TEST

/* A poll in the wait, quick calls, and a wait for a slot are no stalls. */
START_TEST (an_idle_thread_is_not_told) {
    struct loop loop = {.takes = 10 * MILLISECONDS};
    weir_stage_options options = watched(&loop);
    options.errors.stall_time = MILLISECONDS;
    weir_pipeline *pipeline = begin(&loop, options);
    put_things(pipeline, 12);
    finish_and_destroy(pipeline, WEIR_OK);
    assert_things_ended();
    ck_assert(!stalls.slept); /* on a busy machine it may have run for so long */
}
END_TEST

static weir_status begin_slowly(void *arg, void **state) {
    *state = arg;
    sleep_until(weir_deadline_after(100 * MILLISECONDS));
    return WEIR_OK;
}

static void end_slowly(void *unused) {
    (void)unused;
    sleep_until(weir_deadline_after(100 * MILLISECONDS));
}

/* Neither holds an operation up. */
START_TEST (init_and_fini_are_not_told) {
    struct loop loop = {.takes = 0};
    weir_stage_options options = watched(&loop);
    options.work.init = begin_slowly;
    options.work.fini = end_slowly;
    weir_pipeline *pipeline = begin(&loop, options);
    put_things(pipeline, 1);
    finish_and_destroy(pipeline, WEIR_OK);
    assert_things_ended();
    ck_assert(!stalls.slept); /* on a busy machine it may have run for so long */
}
END_TEST

/* The system does not tell what the thread sleeps in: it may open no file. */
START_TEST (an_idle_thread_in_an_unknown_call_is_not_told) {
    struct rlimit before, low;
    struct loop loop = {.takes = 0};
    weir_stage_options options = watched(&loop);
    options.errors.stall_time = MILLISECONDS;
    weir_pipeline *pipeline = begin(&loop, options);
    wait_for_count(&loop.waits, 1);
    weir_report *report = report_of(pipeline);
    ck_assert_uint_eq(stage_in(report, "loop")->running, 0); /* it waits, and has no item */
    weir_report_free(report);
    ck_assert_int_eq(0, getrlimit(RLIMIT_NOFILE, &before));
    low = before;
    low.rlim_cur = 3;
    ck_assert_int_eq(0, setrlimit(RLIMIT_NOFILE, &low));
    sleep_until(weir_deadline_after(50 * MILLISECONDS)); /* looks come four times a millisecond */
    ck_assert_int_eq(0, setrlimit(RLIMIT_NOFILE, &before));
    ck_assert_uint_eq(atomic_load(&stalls.told), 0);
    finish_and_destroy(pipeline, WEIR_OK);
}
END_TEST

START_TEST (a_stall_time_needs_a_wait) {
    static const char *const messages[] = {"stage loop: stall_time is 1.0 ms, and wait is NULL",
                                           "stage loop: on_stall is set, and stall_time is 0"};
    struct loop loop = {.takes = 0};
    weir_pipeline *pipeline = new_pipeline(NULL);
    weir_stage_options options = watched(&loop);
    options.errors.stall_time = _i == 0 ? MILLISECONDS : 0;
    if (_i == 0)
        options.work.wait = NULL;
    assert_status(WEIR_INVALID, weir_pipeline_add(pipeline, NULL, &options));
    ck_assert_str_eq(weir_pipeline_message(pipeline), messages[_i]);
    destroy_pipeline(pipeline);
}
END_TEST

/* ---- bridges: work that blocks, on an executor; a thread that blocks, for an operation ---- */

static weir_executor *executor;
static weir_pipeline *pipeline_of_bridges;

static int finish_on_executor(weir_future *self, void *raw, void **value) {
    struct timer *timer = raw;
    (void)self;
    *value = NULL;
    let_them_err(); /* blocks */
    thing_consume(timer->thing);
    return weir_operation_finish(pipeline_of_bridges, timer->operation, 0) == WEIR_OK ? 0 : -1;
}

static int begin_on_executor(weir_task *task, void *thing, void *raw) {
    struct loop *loop = raw;
    struct timer *timer = &loop->timers[atomic_fetch_add(&loop->started, 1)];
    timer->thing = thing;
    if (weir_task_detach(task, &timer->operation) != WEIR_OK)
        return CODE;
    return weir_executor_submit(executor, finish_on_executor, timer, NULL) == WEIR_OK ? WEIR_PENDING : CODE;
}

START_TEST (work_that_blocks_runs_on_an_executor) {
    struct loop loop = {.takes = 0};
    weir_stage_options options = looping(&loop, 20);
    options.work.run = begin_on_executor;
    assert_status(WEIR_OK, weir_executor_create(&executor, &(weir_executor_options){.threads = 2}));
    weir_pipeline *pipeline = pipeline_of_bridges = begin(&loop, options);
    put_things(pipeline, 40);
    finish(&loop, WEIR_OK);
    assert_status(WEIR_OK, weir_executor_shutdown(executor, true, false, hang_limit(), NULL, NULL));
    assert_status(WEIR_OK, weir_executor_destroy(executor));
}
END_TEST

/* Of the operations that a thread waits for, by the number of their things. */
static weir_future *answers[20];

static void answer_in_loop(int fd, weir_deadline deadline, void *raw) {
    struct loop *loop = raw;
    struct pollfd polled = {.fd = fd, .events = POLLIN};
    (void)poll(&polled, 1, loop->count > 0 ? 0 : milliseconds_until(deadline));
    while (loop->count > 0) {
        assert_status(WEIR_OK, weir_future_set(answers[loop->timers[0].thing->n], loop));
        end_timer(loop, 0, false);
    }
}

START_TEST (a_thread_that_blocks_waits_by_a_future) {
    struct loop loop = {.takes = 0};
    weir_stage_options options = looping(&loop, 4);
    options.work.wait = answer_in_loop;
    weir_pipeline *pipeline = begin(&loop, options);
    for (size_t i = 0; i < COUNT_OF(answers); i++) {
        void *answer;
        assert_status(WEIR_OK, weir_future_create(&answers[i], NULL, NULL));
        put_things(pipeline, 1);
        assert_status(WEIR_OK, weir_future_get_until(answers[i], &answer, hang_limit()));
        ck_assert_ptr_eq(&loop, answer);
        weir_future_release(answers[i]);
    }
    finish(&loop, WEIR_OK);
}
END_TEST

/* ---- refusals ---- */

START_TEST (a_wait_needs_operations_and_one_thread) {
    static const char *const messages[] = {"stage loop: wait is set, and in_flight is 0",
                                           "stage loop: wait is set, and threads.count is 0, and must be 1: one thread "
                                           "sleeps there",
                                           "stage loop: wait is set, and threads.count is 2, and must be 1: one thread "
                                           "sleeps there",
                                           "stage loop: wait is set, and threads.max is 2, and must be 1: one thread "
                                           "sleeps there"};
    struct loop loop = {.takes = 0};
    weir_pipeline *pipeline = new_pipeline(NULL);
    weir_stage_options options = looping(&loop, _i == 0 ? 0 : 4);
    if (_i == 0)
        options.work.abort = NULL;
    if (_i == 1 || _i == 2)
        options.threads.count = _i == 1 ? 0 : 2;
    options.threads.max = _i == 3 ? 2 : 0;
    assert_status(WEIR_INVALID, weir_pipeline_add(pipeline, NULL, &options));
    ck_assert_str_eq(weir_pipeline_message(pipeline), messages[_i]);
    destroy_pipeline(pipeline);
}
END_TEST

START_TEST (without_a_descriptor_the_start_fails) {
    struct rlimit before, low;
    struct loop loop = {.takes = 0};
    weir_pipeline *pipeline = loop.pipeline = new_pipeline(NULL);
    add_stage(pipeline, looping(&loop, 4));
    ck_assert_int_eq(0, getrlimit(RLIMIT_NOFILE, &before));
    low = before;
    low.rlim_cur = 0;
    ck_assert_int_eq(0, setrlimit(RLIMIT_NOFILE, &low));
    weir_status status = weir_pipeline_start(pipeline);
    ck_assert_int_eq(0, setrlimit(RLIMIT_NOFILE, &before));
    assert_status(WEIR_NOMEM, status);
    ck_assert_str_eq(weir_pipeline_message(pipeline), "stage loop: wait: the system has no descriptor left");
    destroy_pipeline(pipeline);
}
END_TEST

static Suite *own_wait_suite(void) {
    Suite *suite = suite_create("own wait");
    TCase *cases = add_things_case(suite, "run");
    tcase_add_loop_test(cases, one_thread_starts_awaits_and_finishes, 1, 4);
    tcase_add_loop_test(cases, one_thread_starts_awaits_and_finishes, 50, 51);
    tcase_add_loop_test(cases, results_go_on_in_order_through_a_narrow_queue, 0, 2);
    tcase_add_test(cases, an_item_ends_the_wait);
    tcase_add_loop_test(cases, a_finish_of_another_thread_ends_the_wait, 0, 3);
    cases = add_things_case(suite, "ends");
    tcase_add_test(cases, a_cancel_asks_in_the_thread_of_the_stage);
    tcase_add_test(cases, the_alarm_asks_in_the_thread_of_the_stage);
    tcase_add_test(cases, a_cancel_waits_for_the_loop);
    tcase_add_test(cases, a_wait_cannot_end_its_pipeline);
    tcase_add_loop_test(cases, a_thread_that_ends_runs_its_loop_first, 0, 2);
    tcase_add_test(cases, a_wait_that_ends_the_thread_is_not_called_again);
    tcase_add_loop_test(cases, a_failed_start_leaves_an_operation_to_the_destroy, 0, 2);
    cases = add_things_case(suite, "limits");
    tcase_add_test(cases, the_loop_runs_while_the_stage_is_paused);
    tcase_add_test(cases, the_loop_runs_while_the_rate_holds_the_stage_up);
    tcase_add_test(cases, a_busy_stage_looks_at_the_loop);
    tcase_add_test(cases, a_stage_looks_at_the_loop_between_slow_calls_after_a_wait);
    tcase_add_test(cases, a_stage_with_slow_calls_looks_at_the_loop);
    cases = add_things_case(suite, "stalls");
    tcase_add_loop_test(cases, a_call_that_holds_the_thread_up_is_told, 0, 2);
    tcase_add_test(cases, a_stall_without_on_stall_is_in_the_report);
    tcase_add_loop_test(cases, a_wait_that_holds_the_thread_up_is_told, 0, 2);
    tcase_add_test(cases, an_idle_thread_is_not_told);
    tcase_add_test(cases, init_and_fini_are_not_told);
    tcase_add_test(cases, an_idle_thread_in_an_unknown_call_is_not_told);
    tcase_add_loop_test(cases, a_stall_time_needs_a_wait, 0, 2);
    cases = add_things_case(suite, "bridges");
    tcase_add_test(cases, work_that_blocks_runs_on_an_executor);
    tcase_add_test(cases, a_thread_that_blocks_waits_by_a_future);
    cases = add_things_case(suite, "refusals");
    tcase_add_loop_test(cases, a_wait_needs_operations_and_one_thread, 0, 4);
    tcase_add_test(cases, without_a_descriptor_the_start_fails);
    return suite;
}

int main(void) {
    return run_suite(own_wait_suite());
}
