/*
 * test_pipeline_end.c - ends under pressure: deadlines, functions that do not return, and cancels that wake blocked
 * threads.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline_support.h"

#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const uint64_t long_grace = HANG_SECONDS * SECONDS;

/* ---- deadlines ---- */

static int work_until_cancelled(weir_task *task, void *item, void *unused) {
    (void)unused;
    while (!weir_task_cancelled(task))
        nap();
    (void)item;
    return 1;
}

START_TEST (items_not_done_at_the_deadline_are_dropped) {
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.grace = long_grace});
    add_stage(
        pipeline,
        (weir_stage_options){
            .name = "a", .work.run = run_pass_on, .threads.count = 2, .input.capacity = 10, .input.drop = thing_drop});
    add_stage(pipeline, (weir_stage_options){.name = "b",
                                             .work.run = work_until_cancelled,
                                             .input.capacity = 10,
                                             .threads.count = 2,
                                             .input.drop = thing_drop});
    start_pipeline(pipeline);
    put_things(pipeline, 15);
    weir_report *report = NULL;
    weir_deadline deadline = _i == 0 ? 0 : weir_deadline_after((uint64_t)_i * MILLISECONDS);
    assert_status(WEIR_TIMEDOUT, weir_pipeline_finish(pipeline, deadline, &report));
    ck_assert_int_eq(report->state, WEIR_RUN_OVER);
    ck_assert_int_eq(report->outcome, WEIR_TIMEDOUT);
    ck_assert_uint_eq(report->counts.dropped, 15);
    ck_assert_uint_eq(report->error_count, 0);
    assert_all_over(report);
    weir_report_free(report);
    assert_status(WEIR_TIMEDOUT, weir_pipeline_finish(pipeline, WEIR_NEVER, NULL));
    destroy_pipeline(pipeline);
    ck_assert_uint_eq(things_dropped(), 15);
}
END_TEST

START_TEST (a_passed_deadline_does_not_matter_when_all_items_are_done) {
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.grace = long_grace});
    add_stage(pipeline, (weir_stage_options){.name = "a", .work.func = consume_thing, .threads.count = 2});
    start_pipeline(pipeline);
    put_things(pipeline, 10);
    for (;; nap()) {
        weir_report *report = report_of(pipeline);
        uint64_t done = report->counts.done;
        weir_report_free(report);
        if (done == 10)
            break;
    }
    nap();
    weir_status status = weir_pipeline_finish(pipeline, 0, NULL);
    ck_assert(status == WEIR_OK || status == WEIR_TIMEDOUT); /* the last item may not be settled yet */
    destroy_pipeline(pipeline);
    ck_assert_uint_eq(things_consumed(), 10);
}
END_TEST

/* ---- functions that do not return ---- */

START_TEST (a_stuck_function_is_reported_and_waited_for_later) {
    struct gate gate = GATE;
    bool plain = _i & 1, destroys = _i & 2;
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.grace = 2 * MILLISECONDS});
    weir_stage_options stuck = {.name = "stuck", .work.arg = &gate, .threads.count = 3, .input.drop = thing_drop};
    if (plain)
        stuck.work.func = hand_back_at_gate;
    else
        stuck.work.run = run_pass_on_at_gate;
    add_stage(pipeline, stuck);
    add_stage(pipeline, (weir_stage_options){.name = "end", .work.func = consume_thing, .input.drop = thing_drop});
    start_pipeline(pipeline);
    put_things(pipeline, 2);
    gate_wait_for(&gate, 2);
    weir_report *report = NULL;
    if (destroys) {
        assert_status(WEIR_BUSY, weir_pipeline_destroy(pipeline));
    } else {
        assert_status(WEIR_BUSY, weir_pipeline_finish(pipeline, weir_deadline_after(MILLISECONDS), &report));
        weir_report_free(report);
        assert_status(WEIR_BUSY, weir_pipeline_finish(pipeline, 0, NULL));
    }
    for (weir_deadline limit = hang_limit();; nap()) { /* the third worker may still be exiting */
        report = report_of(pipeline);
        if (report->late_count == 2 || now() > limit)
            break;
        weir_report_free(report);
    }
    ck_assert_int_eq(report->state, WEIR_RUN_CANCELLED);
    ck_assert_uint_eq(report->late_count, 2);
    for (size_t i = 0; i < 2; i++) {
        ck_assert_str_eq(report->late[i].stage, "stuck");
        ck_assert(report->late[i].stuck);
        ck_assert_uint_lt(report->late[i].number, 3);
        ck_assert_uint_gt(report->late[i].since, 0);
        ck_assert_uint_le(report->late[i].since, report->elapsed + MILLISECONDS);
    }
    ck_assert_uint_ne(report->late[0].number, report->late[1].number);
    assert_balanced(report);
    weir_report_free(report);
    assert_status(WEIR_BUSY, weir_pipeline_destroy(pipeline));
    struct thing *late = thing_new();
    assert_status(WEIR_CLOSED, weir_pipeline_put(pipeline, late)); /* the pipeline still exists */
    thing_consume(late);
    gate_open(&gate);
    for (weir_deadline limit = hang_limit(); weir_pipeline_destroy(pipeline) == WEIR_BUSY && now() < limit;)
        nap();
    assert_things_ended();
}
END_TEST

static void pass_gate(void *gate) {
    gate_pass(gate);
}

START_TEST (a_fini_that_does_not_return_is_reported_and_waited_for_later) {
    struct gate gate = GATE;
    bool cancels = _i == 1;
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.grace = 2 * MILLISECONDS});
    add_stage(pipeline, (weir_stage_options){.name = "first", .work.run = run_pass_on});
    add_stage(
        pipeline,
        (weir_stage_options){
            .name = "stuck", .work.run = run_consume, .work.arg = &gate, .work.fini = pass_gate, .threads.count = 2});
    start_pipeline(pipeline);
    put_things(pipeline, 5);
    while (things_consumed() < 5)
        nap();
    if (cancels)
        assert_status(WEIR_OK, weir_pipeline_cancel(pipeline));
    do /* a graceful end, given enough time to see that no item is in flight */
        assert_status(WEIR_BUSY, weir_pipeline_finish(pipeline, weir_deadline_after(SECONDS / 10), NULL));
    while (gate_waiting(&gate) < 2);
    weir_report *report;
    for (weir_deadline limit = hang_limit();; nap()) { /* the first stage's worker may still be exiting */
        report = report_of(pipeline);
        if (report->late_count == 2 || now() > limit)
            break;
        weir_report_free(report);
    }
    ck_assert_uint_eq(report->late_count, 2);
    for (size_t i = 0; i < 2; i++) {
        ck_assert_str_eq(report->late[i].stage, "stuck");
        ck_assert(report->late[i].stuck);
        ck_assert_uint_lt(report->late[i].number, 2);
        ck_assert_uint_le(report->late[i].since, report->elapsed);
    }
    ck_assert_uint_ne(report->late[0].number, report->late[1].number);
    weir_report_free(report);
    if (cancels)
        assert_status(WEIR_BUSY, weir_pipeline_destroy(pipeline));
    gate_open(&gate);
    weir_status status = WEIR_BUSY;
    for (weir_deadline limit = hang_limit(); status == WEIR_BUSY && now() < limit;)
        status = weir_pipeline_finish(pipeline, limit, NULL);
    ck_assert(cancels ? status == WEIR_CANCELLED : status == WEIR_OK || status == WEIR_TIMEDOUT);
    destroy_pipeline(pipeline);
    assert_things_ended();
}
END_TEST

/* All items are done, and a finish waits for the threads: a cancel leaves them their grace, and no more. */
START_TEST (a_cancel_ends_the_wait_for_the_threads_of_a_graceful_end) {
    struct gate gate = GATE;
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.grace = MILLISECONDS});
    add_stage(pipeline, (weir_stage_options){
                            .name = "stuck", .work.run = run_consume, .work.arg = &gate, .work.fini = pass_gate});
    start_pipeline(pipeline);
    put_things(pipeline, 5);
    struct pipeline_call finish = {.call = {.deadline = WEIR_NEVER}, .pipeline = pipeline};
    call_start(&finish.call, make_pipeline_finish);
    gate_wait_for(&gate, 1);
    ck_assert(call_is_asleep(&finish.call));
    assert_status(WEIR_OK, weir_pipeline_cancel(pipeline));
    assert_status(WEIR_BUSY, call_finish(&finish.call));
    weir_report_free(finish.report);
    gate_open(&gate);
    weir_status status = WEIR_BUSY;
    for (weir_deadline limit = hang_limit(); status == WEIR_BUSY && now() < limit;)
        status = weir_pipeline_finish(pipeline, limit, NULL);
    assert_status(WEIR_CANCELLED, status);
    destroy_pipeline(pipeline);
    ck_assert_uint_eq(things_consumed(), 5);
}
END_TEST

START_TEST (an_attempt_that_takes_too_long_is_overdue) {
    struct gate gate = GATE;
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_stage(pipeline, (weir_stage_options){.name = "slow",
                                             .work.run = run_pass_on_at_gate,
                                             .work.arg = &gate,
                                             .errors.attempt_time = MILLISECONDS,
                                             .input.drop = thing_drop});
    add_stage(pipeline, (weir_stage_options){.name = "end", .work.func = consume_thing});
    start_pipeline(pipeline);
    put_things(pipeline, 1);
    gate_wait_for(&gate, 1);
    sleep_until(now() + 2 * MILLISECONDS);
    weir_report *report = report_of(pipeline);
    ck_assert_uint_eq(report->stages[0].overdue, 1);
    ck_assert_uint_eq(report->late_count, 1);
    ck_assert(!report->late[0].stuck);
    ck_assert_str_eq(report->late[0].stage, "slow");
    weir_report_free(report);
    gate_open(&gate);
    report = finish_pipeline(pipeline, WEIR_OK);
    ck_assert_uint_eq(report->stages[0].overdue, 1);
    ck_assert_uint_eq(report->late_count, 0);
    weir_report_free(report);
    destroy_pipeline(pipeline);
}
END_TEST

struct told {
    weir_deadline deadline, from, to;
};

static int look_at_deadline(weir_task *task, void *item, void *raw) {
    struct told *told = raw;
    told->to = now();
    told->deadline = weir_task_deadline(task);
    thing_consume(item);
    return 0;
}

START_TEST (an_attempt_knows_its_deadline) {
    static const uint64_t times[] = {0, 50 * SECONDS, UINT64_MAX};
    struct told told = {.from = now()};
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_stage(pipeline,
              (weir_stage_options){
                  .name = "a", .work.run = look_at_deadline, .work.arg = &told, .errors.attempt_time = times[_i]});
    start_pipeline(pipeline);
    put_things(pipeline, 1);
    finish_and_destroy(pipeline, WEIR_OK);
    if (_i == 1) {
        ck_assert_uint_ge(told.deadline, told.from + times[1]);
        ck_assert_uint_le(told.deadline, told.to + times[1]);
    } else {
        ck_assert_uint_eq(told.deadline, WEIR_NEVER);
    }
}
END_TEST

/* Emits three results: two fit, and the third blocks. */
static int look_before_and_after_waiting(weir_task *task, void *item, void *raw) {
    struct told *told = raw;
    told->from = weir_task_deadline(task);
    for (int i = 0; i < 3; i++)
        weir_task_emit(task, thing_new());
    told->to = weir_task_deadline(task);
    thing_consume(item);
    return 0;
}

START_TEST (what_an_attempt_has_waited_is_added_to_its_deadline) {
    struct gate gate = GATE;
    struct told told = {.from = 0};
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_stage(pipeline, (weir_stage_options){.name = "wait",
                                             .work.run = look_before_and_after_waiting,
                                             .work.arg = &told,
                                             .errors.attempt_time = 50 * SECONDS});
    add_stage(pipeline, (weir_stage_options){
                            .name = "gate", .work.run = run_pass_on_at_gate, .work.arg = &gate, .input.capacity = 1});
    add_stage(pipeline, (weir_stage_options){.name = "end", .work.func = consume_thing});
    start_pipeline(pipeline);
    put_things(pipeline, 1);
    for (uint64_t waited = 0; waited == 0;) {
        weir_report *report = report_of(pipeline);
        waited = report->stages[0].blocked;
        weir_report_free(report);
    }
    gate_open(&gate);
    finish_and_destroy(pipeline, WEIR_OK);
    ck_assert_uint_gt(told.to, told.from);
    assert_things_ended();
}
END_TEST

/* ---- a cancel wakes ---- */

START_TEST (a_cancel_wakes_callers_blocked_on_a_queue_and_on_a_limit) {
    struct gate gate = GATE;
    bool limited = _i & 1, finished = _i & 2;
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.max_items = limited ? 3 : 0, .grace = long_grace});
    add_stage(pipeline, (weir_stage_options){.name = "gate",
                                             .work.func = hand_back_at_gate,
                                             .work.arg = &gate,
                                             .input.capacity = 2,
                                             .input.drop = thing_drop});
    add_stage(pipeline, (weir_stage_options){.name = "end", .work.func = consume_thing, .input.drop = thing_drop});
    start_pipeline(pipeline);
    put_things(pipeline, 3);
    struct pipeline_call puts[2];
    for (size_t i = 0; i < 2; i++) {
        puts[i] = (struct pipeline_call){.call = {.item = thing_new(), .deadline = WEIR_NEVER}, .pipeline = pipeline};
        call_start_asleep(&puts[i].call, make_pipeline_put);
    }
    struct pipeline_call finish = {.call = {.deadline = WEIR_NEVER}, .pipeline = pipeline};
    if (finished)
        call_start(&finish.call, make_pipeline_finish);
    else
        assert_status(WEIR_OK, weir_pipeline_cancel(pipeline));
    for (size_t i = 0; i < 2; i++) {
        assert_status(WEIR_CLOSED, call_finish(&puts[i].call)); /* before the function returns */
        thing_consume(puts[i].call.item);
    }
    gate_open(&gate);
    if (finished) {
        assert_status(WEIR_OK, call_finish(&finish.call));
        weir_report_free(finish.report);
        destroy_pipeline(pipeline);
    } else {
        finish_and_destroy(pipeline, WEIR_CANCELLED);
    }
    assert_things_ended();
}
END_TEST

static int fail_always(weir_task *task, void *item, void *unused) {
    (void)task;
    (void)item;
    (void)unused;
    return 5;
}

static int split_for_ever(weir_task *task, void *item, void *unused) {
    (void)unused;
    while (!weir_task_cancelled(task) && things_made() < 100000)
        weir_task_emit(task, thing_new());
    thing_consume(item);
    return 0;
}

/* Twelve workers, all blocked in one way. */
static weir_stage_options blocked_stage(int way) {
    switch (way) {
        case 0: /* in an emit: the next stage is blocked at a gate */
            return (weir_stage_options){.name = "blocked", .work.run = split_for_ever};
        case 1: /* by the rate: one call in a thousand seconds */
            return (weir_stage_options){.name = "blocked", .work.run = run_pass_on, .limits.rate = 0.001};
        case 2: /* a back-off of a minute, which occupies no worker */
            return (weir_stage_options){
                .name = "blocked", .work.run = fail_always, .errors.retry = {.attempts = 2, .backoff = 60 * SECONDS}};
        case 3: /* the same, ordered */
            return (weir_stage_options){.name = "blocked",
                                        .work.run = fail_always,
                                        .output.ordered = true,
                                        .errors.retry = {.attempts = 2, .backoff = 60 * SECONDS}};
        default: /* a plain stage */
            return (weir_stage_options){.name = "blocked", .work.func = hand_back};
    }
}

static void count_out(void *out) {
    atomic_fetch_add((atomic_uint *)out, 1);
}

START_TEST (a_cancel_ends_twelve_blocked_workers) {
    atomic_uint out = 0;
    struct gate gate = GATE;
    weir_stage_options options = blocked_stage(_i);
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.grace = long_grace});
    options.threads.count = 12;
    options.work.arg = &out;
    options.work.init = init_with_arg;
    options.work.fini = count_out;
    options.input.capacity = 100;
    options.input.drop = thing_drop;
    add_stage(pipeline, options);
    add_stage(pipeline, (weir_stage_options){.name = "gate",
                                             .work.func = hand_back_at_gate,
                                             .work.arg = &gate,
                                             .input.capacity = 1,
                                             .input.drop = thing_drop});
    add_stage(pipeline, (weir_stage_options){.name = "end", .work.func = consume_thing, .input.drop = thing_drop});
    start_pipeline(pipeline);
    put_things(pipeline, 50);
    sleep_until(now() + 5 * MILLISECONDS); /* most of them are blocked now; the test must pass in either case */
    assert_status(WEIR_OK, weir_pipeline_cancel(pipeline));
    weir_deadline cancelled = now();
    wait_for_count(&out, 12);
    printf("way %d: twelve blocked workers were out %.3f ms after the cancel\n", _i, (double)(now() - cancelled) / 1e6);
    gate_open(&gate);
    finish_and_destroy(pipeline, WEIR_CANCELLED);
    assert_things_ended();
}
END_TEST

/* ---- the descriptor ---- */

struct poller {
    atomic_int polls, events;
};

static int poll_for_cancel(weir_task *task, void *item, void *raw) {
    struct poller *poller = raw;
    struct pollfd fd = {.fd = weir_pipeline_cancel_fd(weir_task_pipeline(task)), .events = POLLIN};
    (void)item;
    atomic_fetch_add(&poller->polls, 1);
    int ready = poll(&fd, 1, HANG_SECONDS * 1000);
    atomic_fetch_add(&poller->events, ready == 1 && (fd.revents & POLLIN));
    return weir_task_fail(task, 4, "cancelled");
}

START_TEST (the_descriptor_becomes_readable_at_the_cancel) {
    struct poller poller = {.polls = 0};
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.grace = long_grace});
    add_stage(pipeline, (weir_stage_options){.name = "polls",
                                             .work.run = poll_for_cancel,
                                             .work.arg = &poller,
                                             .threads.count = 3,
                                             .input.drop = thing_drop});
    struct pollfd fd = {.fd = weir_pipeline_cancel_fd(pipeline), .events = POLLIN};
    ck_assert_int_ge(fd.fd, 0);
    start_pipeline(pipeline);
    put_things(pipeline, 5);
    while (atomic_load(&poller.polls) < 3)
        nap();
    ck_assert_int_eq(poll(&fd, 1, 0), 0);
    assert_status(WEIR_OK, weir_pipeline_cancel(pipeline));
    ck_assert_int_eq(poll(&fd, 1, 0), 1);
    finish_and_destroy(pipeline, WEIR_CANCELLED);
    ck_assert_int_eq(atomic_load(&poller.events), 3);
    assert_things_ended();
}
END_TEST

/* ---- from any thread ---- */

static weir_pipeline *of_drops;

static void cancel_in_drop(void *thing, void *unused) {
    weir_pipeline_cancel(of_drops);
    thing_drop(thing, unused);
}

START_TEST (a_drop_function_may_cancel) {
    weir_pipeline *pipeline = of_drops = new_pipeline(&(weir_pipeline_options){.grace = long_grace});
    add_stage(pipeline, (weir_stage_options){.name = "a",
                                             .work.run = fail_always,
                                             .threads.count = 2,
                                             .input.capacity = 50,
                                             .input.drop = cancel_in_drop,
                                             .errors.on_error = WEIR_SKIP});
    start_pipeline(pipeline);
    for (size_t i = 0; i < 40; i++) {
        struct thing *thing = thing_new();
        if (weir_pipeline_put(pipeline, thing) != WEIR_OK)
            thing_consume(thing);
    }
    finish_and_destroy(pipeline, WEIR_CANCELLED);
    assert_things_ended();
}
END_TEST

/* One item is in back-off, one in the function, and one in the queue. */
enum { BACKS_OFF, INSIDE, IN_QUEUE };

static struct dropping {
    weir_pipeline *pipeline;
    struct gate gate;
    atomic_uint failed, dropped;
    pthread_t thread; /* the thread that drops the item in back-off */
    weir_status finished, waited, destroyed;
} * dropping; /* allocated for each run: its gate can be used once */

static int back_off_or_wait(weir_task *task, void *item, void *unused) {
    (void)task;
    (void)unused;
    if (((struct thing *)item)->n == INSIDE)
        gate_pass(&dropping->gate);
    else
        atomic_fetch_add(&dropping->failed, 1);
    return 1;
}

/*
 * The cancel itself drops the queued item. That drop function blocks the cancel until the item in back-off is
 * dropped.
 */
static void finish_in_drop(void *item, void *unused) {
    struct thing *thing = item;
    if (thing->n == IN_QUEUE) {
        for (weir_deadline limit = hang_limit(); atomic_load(&dropping->dropped) == 0 && now() < limit;)
            nap();
    }
    if (thing->n == BACKS_OFF) {
        dropping->thread = pthread_self();
        atomic_fetch_add(&dropping->dropped, 1);
        dropping->waited = weir_pipeline_wait(dropping->pipeline, WEIR_NEVER);
        dropping->finished = weir_pipeline_finish(dropping->pipeline, WEIR_NEVER, NULL);
        dropping->destroyed = weir_pipeline_destroy(dropping->pipeline);
    }
    thing_drop(thing, unused);
}

START_TEST (a_drop_function_in_the_timer_thread_may_finish) {
    dropping = calloc(1, sizeof *dropping);
    ck_assert_ptr_nonnull(dropping);
    dropping->gate = (struct gate)GATE;
    weir_pipeline *pipeline = dropping->pipeline =
        new_pipeline(&(weir_pipeline_options){.grace = _i == 0 ? MILLISECONDS : long_grace});
    add_stage(pipeline,
              (weir_stage_options){.name = "a",
                                   .work.run = back_off_or_wait,
                                   .input.drop = finish_in_drop,
                                   .errors.retry = {.attempts = UINT_MAX, /* on a busy machine, it may fail again */
                                                    .backoff = 100 * MILLISECONDS,
                                                    .max_backoff = 100 * MILLISECONDS}});
    start_pipeline(pipeline);
    put_things(pipeline, 2);
    wait_for_count(&dropping->failed, 1);
    gate_wait_for(&dropping->gate, 1);
    put_things(pipeline, 1);
    struct pipeline_call cancel = {.pipeline = pipeline};
    call_start(&cancel.call, make_pipeline_cancel);
    wait_for_count(&dropping->dropped, 1);
    gate_open(&dropping->gate);
    assert_status(WEIR_OK, call_finish(&cancel.call));
    for (weir_deadline limit = hang_limit(); weir_pipeline_finish(pipeline, limit, NULL) == WEIR_BUSY && now() < limit;)
        nap(); /* the worker may need more than its grace to pass the gate */
    finish_and_destroy(pipeline, WEIR_CANCELLED);
    /* The usual case: its back-off ended after the cancel, and the timer thread dropped it. */
    if (!pthread_equal(dropping->thread, cancel.call.thread)) {
        assert_status(WEIR_DEADLOCK, dropping->finished);
        assert_status(WEIR_DEADLOCK, dropping->waited);
        assert_status(WEIR_DEADLOCK, dropping->destroyed);
    }
    ck_assert_uint_eq(things_dropped(), 3);
    assert_things_ended();
    free(dropping);
}
END_TEST

/* The run is not over while a drop function runs, even if all threads have exited. */
struct slow_drop {
    struct gate work, drop;
};

static int work_at_gate(weir_task *task, void *item, void *raw) {
    struct slow_drop *slow = raw;
    (void)task;
    gate_pass(&slow->work);
    thing_consume(item);
    return 0;
}

static void drop_at_gate(void *item, void *raw) {
    struct slow_drop *slow = raw;
    gate_pass(&slow->drop);
    thing_drop(item, NULL);
}

START_TEST (a_finish_waits_for_the_drops_of_another_threads_cancel) {
    struct slow_drop slow = {.work = GATE, .drop = GATE};
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.grace = long_grace});
    add_stage(pipeline, (weir_stage_options){
                            .name = "slow", .work.run = work_at_gate, .work.arg = &slow, .input.drop = drop_at_gate});
    size_t before = threads_at_rest();
    start_pipeline(pipeline);
    put_things(pipeline, 1);
    gate_wait_for(&slow.work, 1);
    put_things(pipeline, 1);
    struct pipeline_call cancel = {.pipeline = pipeline};
    call_start(&cancel.call, make_pipeline_cancel);
    gate_wait_for(&slow.drop, 1);
    gate_open(&slow.work);
    ck_assert(wait_for_threads(before + (before != 0))); /* the worker has exited */
    struct pipeline_call finish = {.call = {.deadline = WEIR_NEVER}, .pipeline = pipeline};
    call_start_asleep(&finish.call, make_pipeline_finish);
    ck_assert(call_is_asleep(&finish.call));
    gate_open(&slow.drop);
    assert_status(WEIR_OK, call_finish(&cancel.call));
    assert_status(WEIR_CANCELLED, call_finish(&finish.call));
    assert_all_over(finish.report);
    ck_assert_uint_eq(finish.report->counts.done, 1);
    ck_assert_uint_eq(finish.report->counts.dropped, 1);
    weir_report_free(finish.report);
    destroy_pipeline(pipeline);
    assert_things_ended();
}
END_TEST

/* While a stage's drop function blocks the cancel, the next stage's workers drop the items that they take. */
static void *hold_third(void *item, void *raw) {
    struct slow_drop *slow = raw;
    if (((struct thing *)item)->n == 2)
        gate_pass(&slow->work);
    return item;
}

START_TEST (a_worker_drops_items_that_a_cancel_has_not_reached) {
    struct slow_drop slow = {.work = GATE, .drop = GATE};
    struct gate gate = GATE;
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.grace = long_grace});
    add_stage(pipeline, (weir_stage_options){
                            .name = "slow", .work.func = hold_third, .work.arg = &slow, .input.drop = drop_at_gate});
    add_stage(pipeline,
              (weir_stage_options){
                  .name = "next", .work.func = hand_back_at_gate, .work.arg = &gate, .input.drop = thing_drop});
    add_stage(pipeline, (weir_stage_options){.name = "end", .work.func = consume_thing, .input.drop = thing_drop});
    start_pipeline(pipeline);
    put_things(pipeline, 3);
    gate_wait_for(&slow.work, 1);
    gate_wait_for(&gate, 1);
    put_things(pipeline, 1);
    struct pipeline_call cancel = {.pipeline = pipeline};
    call_start(&cancel.call, make_pipeline_cancel);
    gate_wait_for(&slow.drop, 1); /* the fourth item, in the first stage's queue */
    gate_open(&gate);
    for (weir_deadline limit = hang_limit(); things_dropped() < 2; nap()) /* the first item's result, and the second */
        ck_assert_uint_lt(now(), limit);
    gate_open(&slow.work);
    gate_open(&slow.drop);
    assert_status(WEIR_OK, call_finish(&cancel.call));
    weir_report *report = finish_pipeline(pipeline, WEIR_CANCELLED);
    ck_assert_uint_eq(report->counts.dropped, 4);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    ck_assert_uint_eq(things_dropped(), 4);
    assert_things_ended();
}
END_TEST

/* The last stage blocks on its full results queue, which a cancel shuts down. */
START_TEST (a_result_blocked_on_its_queue_is_dropped_there_by_a_cancel) {
    struct drops drops = {.count = 0};
    weir_queue *results = new_dropping_queue(1, &drops);
    weir_pipeline *pipeline =
        new_pipeline(&(weir_pipeline_options){.max_items = _i == 1 ? 10 : 0, .grace = long_grace});
    add_stage(pipeline,
              (weir_stage_options){
                  .name = "last", .work.func = hand_back, .output.results = results, .input.drop = thing_drop});
    start_pipeline(pipeline);
    put_things(pipeline, 3);
    weir_report *report;
    for (weir_deadline limit = hang_limit();; nap()) { /* one result is out, one blocked, and one item queued */
        report = report_of(pipeline);
        bool waits = report->counts.done == 1 && report->stages[0].blocked > 0;
        weir_report_free(report);
        if (waits)
            break;
        ck_assert_uint_lt(now(), limit);
    }
    assert_status(WEIR_OK, weir_pipeline_cancel(pipeline));
    report = finish_pipeline(pipeline, WEIR_CANCELLED);
    ck_assert_uint_eq(report->counts.done, 1);
    ck_assert_uint_eq(report->counts.dropped, 2);
    weir_report_free(report);
    destroy_pipeline(pipeline);
    ck_assert_uint_eq(atomic_load(&drops.count), 1);
    ck_assert_ptr_eq(drops.items[0], thing_at(1));
    ck_assert_uint_eq(things_dropped(), 1);
    void *taken;
    assert_status(WEIR_OK, weir_queue_get(results, &taken)); /* a delivered result stays */
    ck_assert_ptr_eq(taken, thing_at(0));
    assert_status(WEIR_OK, weir_queue_task_done(results));
    assert_status(WEIR_OK, weir_queue_destroy(results));
}
END_TEST

static int cancel_at_tenth(weir_task *task, void *item, void *unused) {
    (void)unused;
    if (((struct thing *)item)->n == 10)
        weir_pipeline_cancel(weir_task_pipeline(task));
    weir_task_emit(task, item);
    return 0;
}

/* Several cancels at once: from inside, from outside, and by a passed deadline. */
START_TEST (many_cancels_are_one) {
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.grace = long_grace});
    add_stage(pipeline, (weir_stage_options){.name = "a",
                                             .work.run = cancel_at_tenth,
                                             .threads.count = 2,
                                             .input.drop = thing_drop,
                                             .output.ordered = _i % 2 == 1});
    add_stage(pipeline, (weir_stage_options){.name = "end", .work.func = consume_thing, .input.drop = thing_drop});
    start_pipeline(pipeline);
    struct pipeline_call calls[3];
    for (size_t i = 0; i < 30; i++) {
        struct thing *thing = thing_new();
        if (weir_pipeline_put(pipeline, thing) != WEIR_OK)
            thing_consume(thing);
    }
    for (size_t i = 0; i < 3; i++) {
        calls[i] = (struct pipeline_call){.call = {.deadline = now() + 50 * 1000 * i}, .pipeline = pipeline};
        call_start(&calls[i].call, i == 0 ? make_pipeline_cancel : make_pipeline_finish);
    }
    assert_status(WEIR_OK, call_finish(&calls[0].call));
    weir_status first = call_finish(&calls[1].call), second = call_finish(&calls[2].call);
    ck_assert(first == WEIR_CANCELLED || first == WEIR_TIMEDOUT);
    ck_assert_int_eq(first, second);
    weir_report_free(calls[1].report);
    weir_report_free(calls[2].report);
    finish_and_destroy(pipeline, first);
    assert_things_ended();
}
END_TEST

static Suite *end_suite(void) {
    Suite *suite = suite_create("end of a pipeline");
    TCase *late = add_things_case(suite, "late");
    tcase_add_loop_test(late, items_not_done_at_the_deadline_are_dropped, 0, 4);
    tcase_add_test(late, a_passed_deadline_does_not_matter_when_all_items_are_done);
    tcase_add_loop_test(late, a_stuck_function_is_reported_and_waited_for_later, 0, 4);
    tcase_add_loop_test(late, a_fini_that_does_not_return_is_reported_and_waited_for_later, 0, 2);
    tcase_add_test(late, an_attempt_that_takes_too_long_is_overdue);
    tcase_add_loop_test(late, an_attempt_knows_its_deadline, 0, 3);
    tcase_add_test(late, what_an_attempt_has_waited_is_added_to_its_deadline);
    TCase *cancel = add_things_case(suite, "cancel");
    tcase_add_loop_test(cancel, a_cancel_wakes_callers_blocked_on_a_queue_and_on_a_limit, 0, 4);
    tcase_add_loop_test(cancel, a_cancel_ends_twelve_blocked_workers, 0, 5);
    tcase_add_test(cancel, the_descriptor_becomes_readable_at_the_cancel);
    tcase_add_test(cancel, a_drop_function_may_cancel);
    tcase_add_loop_test(cancel, a_drop_function_in_the_timer_thread_may_finish, 0, 2);
    tcase_add_test(cancel, a_finish_waits_for_the_drops_of_another_threads_cancel);
    tcase_add_test(cancel, a_worker_drops_items_that_a_cancel_has_not_reached);
    tcase_add_loop_test(cancel, a_result_blocked_on_its_queue_is_dropped_there_by_a_cancel, 0, 2);
    tcase_add_test(cancel, a_cancel_ends_the_wait_for_the_threads_of_a_graceful_end);
    tcase_add_loop_test(cancel, many_cancels_are_one, 0, 20);
    return suite;
}

int main(void) {
    return run_suite(end_suite());
}
