/*
 * pipeline_cancel.c - scenarios of a pipeline that is cancelled: each wait ends, each item is dropped once.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/state/pipeline.h"
#include "pipeline_support.h"

static int wait_run(weir_task *task, void *got, void *arg) {
    (void)task;
    (void)arg;
    begin_call(got);
    wait_at_gate();
    return end_call(got);
}

/* One item is in the function, one in the queue, and one waits for room. */
void scenario_cancel_against_put(void) {
    begin_pipeline((weir_pipeline_options){.name = "put"});
    add_stage((weir_stage_options){.name = "wait", .work.run = wait_run, .input.capacity = 1});
    start_pipeline();
    put_items(1, 2);
    int other = sched_spawn(put_if_open, item(3));
    cancel(NULL);
    look_calmly();
    open_gate();
    open_gate();
    sched_join(other);
    finish_pipeline(WEIR_CANCELLED);
    check_each_ended_once(3);
}

static int emit_three(weir_task *task, void *got, void *arg) {
    (void)arg;
    begin_call(got);
    for (int i = 1; i <= 3; i++)
        weir_task_emit(task, item(i));
    open_gate();
    return end_call(got);
}

/* Cancels while results fill this stage, then waits until the stage before has emitted all of them. */
static int wait_for_cancel(weir_task *task, void *got, void *arg) {
    (void)task;
    (void)arg;
    begin_call(got);
    must(weir_pipeline_cancel(weir_task_pipeline(task)), WEIR_OK);
    wait_at_gate();
    return end_call(got);
}

void scenario_cancel_against_emit(void) {
    begin_pipeline((weir_pipeline_options){.name = "emit"});
    add_stage((weir_stage_options){.name = "emit", .work.run = emit_three});
    add_stage((weir_stage_options){.name = "wait", .work.run = wait_for_cancel});
    start_pipeline();
    put_items(4, 1);
    finish_with(WEIR_CANCELLED, 0, 0, 0, 1);
    check_each_ended_once(4);
}

/* The second item waits for decades, by its rate. */
void scenario_cancel_against_rate(void) {
    begin_pipeline((weir_pipeline_options){.name = "rate"});
    add_stage((weir_stage_options){.name = "rate", .work.run = pass_on_run, .limits.rate = 1e-9, .input.capacity = 2});
    start_pipeline();
    put_items(1, 2);
    int other = sched_spawn(cancel, NULL);
    look_calmly();
    sched_join(other);
    finish_pipeline(WEIR_CANCELLED);
    check_each_ended_once(2);
}

static int fail_and_tell(weir_task *task, void *got, void *arg) {
    (void)arg;
    begin_call(got);
    open_gate();
    return weir_task_fail(task, 5, NULL);
}

void scenario_cancel_against_backoff(void) {
    begin_pipeline((weir_pipeline_options){.name = "backoff"});
    add_stage((weir_stage_options){.name = "fail",
                                   .work.run = fail_and_tell,
                                   .errors.on_error = WEIR_SKIP,
                                   .errors.retry = {.attempts = 9, .backoff = WEIR_SECOND}});
    start_pipeline();
    put_items(1, 1);
    wait_at_gate();
    cancel(NULL);
    look_calmly();
    finish_with(WEIR_CANCELLED, 0, 0, 0, 1);
    check_each_ended_once(1);
}

/*
 * One thread cancels while another finishes. Finish returns once everything is dropped, including items that no
 * thread holds.
 */
void scenario_cancel_against_finish(void) {
    begin_pipeline((weir_pipeline_options){.name = "finish"});
    add_stage((weir_stage_options){.name = "fail",
                                   .work.run = fail_and_tell,
                                   .errors.on_error = WEIR_SKIP,
                                   .errors.retry = {.attempts = 2, .backoff = WEIR_SECOND}});
    start_pipeline();
    put_items(1, 1);
    wait_at_gate();
    sched_settle();
    int other = sched_spawn(cancel, NULL);
    weir_status status = weir_pipeline_finish(pipeline, WEIR_NEVER, NULL);
    sched_check(dropped[1] == 1, "finish has returned, and the item is somewhere");
    sched_join(other);
    finish_pipeline(status);
    check_each_ended_once(1);
}

/* Two cancels at once, then a destroy that has nothing to cancel. */
void scenario_cancel_twice(void) {
    begin_pipeline((weir_pipeline_options){.max_items = 4});
    add_stage((weir_stage_options){.name = "first", .work.run = pass_on_run, .input.capacity = 2});
    add_stage((weir_stage_options){.name = "last", .work.run = pass_on_run, .input.capacity = 2});
    start_pipeline();
    put_items(1, 1);
    int other = sched_spawn(cancel, NULL);
    cancel(NULL);
    sched_join(other);
    finish_pipeline(WEIR_CANCELLED);
}

static int cancel_inside(weir_task *task, void *got, void *arg) {
    (void)arg;
    begin_call(got);
    weir_task_emit(task, item(10));
    must(weir_pipeline_cancel(weir_task_pipeline(task)), WEIR_OK);
    weir_task_emit(task, item(11));
    sched_check(weir_task_cancelled(task), "not told");
    return number(got) == 1 ? 5 : end_call(got);
}

/* Cancels from inside a stage. If the function then fails, its item is dropped, not failed. */
void scenario_cancel_inside(void) {
    begin_pipeline((weir_pipeline_options){.name = "inside"});
    add_stage((weir_stage_options){.name = "cancel", .work.run = cancel_inside, .input.capacity = 3});
    add_stage((weir_stage_options){.name = "last", .work.func = pass_on});
    start_pipeline();
    put_if_open(item(1));
    put_if_open(item(2));
    finish_pipeline(WEIR_CANCELLED);
    check_each_ended_once(2);
    sched_check(done[10] + dropped[10] == ran[1] + ran[2], "a result is lost");
    sched_check(dropped[11] == ran[1] + ran[2], "a later result was dropped %d times", dropped[11]);
}

static int fail_always(weir_task *task, void *got, void *arg) {
    (void)arg;
    begin_call(got);
    return weir_task_fail(task, 7, "item %d", number(got));
}

/* An error ends the run, and finish reports it, whichever comes first. */
void scenario_error_ends_the_run(void) {
    begin_pipeline((weir_pipeline_options){.name = "fast"});
    add_stage((weir_stage_options){.name = "fail", .work.run = fail_always, .threads.count = 2, .input.capacity = 2});
    start_pipeline();
    put_if_open(item(1));
    put_if_open(item(2));
    finish_pipeline(WEIR_FAILED);
    check_each_ended_once(2);
}

/* Each report of the failed run has the error. */
void scenario_fatal_error_is_told(void) {
    begin_pipeline((weir_pipeline_options){.name = "fast"});
    add_stage((weir_stage_options){.name = "fail", .work.run = fail_always});
    start_pipeline();
    put_items(1, 1);
    finish_beside(sched_spawn(look, NULL), WEIR_FAILED);
    finish_pipeline(WEIR_FAILED);
    check_each_ended_once(1);
}

static void ask_for_descriptor(void *unused) {
    (void)unused;
    (void)weir_pipeline_cancel_fd(pipeline);
}

/* If cancel and the request for the descriptor missed each other, a thread that polls it would never wake. */
void scenario_descriptor_against_cancel(void) {
    begin_pipeline((weir_pipeline_options){.name = "asked"});
    add_stage((weir_stage_options){.name = "pass", .work.func = pass_on});
    start_pipeline();
    int other = sched_spawn(ask_for_descriptor, NULL);
    cancel(NULL);
    sched_join(other);
    sched_check(pipeline->cancel_event.open && pipeline->cancel_event.readable, "it is not readable");
    finish_pipeline(WEIR_CANCELLED);
}
