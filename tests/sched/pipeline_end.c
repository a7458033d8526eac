/*
 * pipeline_end.c - scenarios of a pipeline that is finished.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline_support.h"

#include <stdio.h>

static void finish_too(void *expected) {
    must(weir_pipeline_finish(pipeline, WEIR_NEVER, NULL), (weir_status)number(expected));
}

static void take_all(void *results) {
    void *got;
    while (weir_queue_get(results, &got) == WEIR_OK)
        ran[40 + number(got)]++;
}

/* A chain without envelopes, with reports. */
void scenario_plain_pipeline(void) {
    weir_queue *results = new_counting_queue(2);
    begin_pipeline((weir_pipeline_options){.name = "plain"});
    add_stage((weir_stage_options){.name = "first", .work.func = pass_on});
    add_stage((weir_stage_options){.name = "last", .work.func = pass_on, .output.results = results});
    start_pipeline();
    put_items(1, 1);
    look(NULL);
    finish_with(WEIR_OK, 1, 0, 0, 0);
    check_results(results, (int[]){1, 0});
}

/* A worker waits for room in the results while a thread finishes. */
void scenario_finish_against_full(void) {
    weir_queue *results = new_counting_queue(1);
    begin_pipeline((weir_pipeline_options){.name = "full"});
    add_stage(
        (weir_stage_options){.name = "only", .work.run = pass_on_run, .output.results = results, .input.capacity = 3});
    start_pipeline();
    put_items(1, 3);
    int other = sched_spawn(take_all, results);
    finish_with(WEIR_OK, 3, 0, 0, 0);
    sched_join(other);
    for (int i = 1; i <= 3; i++)
        sched_check(ran[40 + i] == 1, "item %d has come %d times", i, ran[40 + i]);
    must(weir_queue_destroy(results), WEIR_OK);
}

/* A put waits for room when the run is finished: it is accepted and its item goes through, or it is refused. */
void scenario_finish_against_put(void) {
    begin_pipeline((weir_pipeline_options){.max_items = 2});
    add_stage((weir_stage_options){.name = "only", .work.run = pass_on_run});
    start_pipeline();
    put_items(1, 1);
    int other = sched_spawn(put_if_open, item(2));
    finish_beside(other, WEIR_OK);
    finish_pipeline(WEIR_OK);
    check_each_ended_once(2);
}

void scenario_finish_twice(void) {
    begin_pipeline((weir_pipeline_options){.name = "twice"});
    add_stage((weir_stage_options){.name = "only", .work.run = pass_on_run});
    start_pipeline();
    put_items(1, 1);
    int other = sched_spawn(finish_too, item(WEIR_OK));
    finish_beside(other, WEIR_OK);
    finish_pipeline(WEIR_OK);
    sched_check(done[1] == 1, "it was done %d times", done[1]);
}

static int wait_at_gate_run(weir_task *task, void *got, void *arg) {
    (void)task;
    (void)arg;
    begin_call(got);
    wait_at_gate();
    return end_call(got);
}

static void open_gate_twice(void *unused) {
    (void)unused;
    open_gate();
    open_gate();
}

/* The earliest deadline counts, whichever call has it. */
static void finish_at_once(void *unused) {
    (void)unused;
    weir_status status = weir_pipeline_finish(pipeline, weir_deadline_after(100), NULL);
    sched_check(status == WEIR_OK || status == WEIR_TIMEDOUT, "%s", weir_strerror(status));
}

static int wait_for_end(weir_task *task, void *got, void *arg) {
    (void)arg;
    begin_call(got);
    while (!weir_task_cancelled(task))
        (void)weir_queue_get_until(gate, &(void *){NULL}, weir_deadline_after(1000));
    return end_call(got);
}

void scenario_finish_by_deadline(void) {
    begin_pipeline((weir_pipeline_options){.name = "deadline"});
    add_stage((weir_stage_options){.name = "only", .work.run = wait_for_end, .input.capacity = 2});
    start_pipeline();
    put_items(1, 2);
    int other = sched_spawn(finish_at_once, NULL);
    must(weir_pipeline_finish(pipeline, WEIR_NEVER, NULL), WEIR_TIMEDOUT);
    sched_join(other);
    finish_pipeline(WEIR_TIMEDOUT);
    check_each_ended_once(2);
}

static void finish_too_late(void *unused) {
    (void)unused;
    weir_status status = weir_pipeline_finish(pipeline, 0, NULL);
    sched_check(status == WEIR_OK || status == WEIR_TIMEDOUT, "%s", weir_strerror(status));
}

/* If everything is done, a deadline that has passed suffices, beside any other deadline. */
static void finish_well(void *unused) {
    (void)unused;
    must(weir_pipeline_finish(pipeline, 0, NULL), WEIR_OK);
}

void scenario_finish_beside_done(void) {
    begin_pipeline((weir_pipeline_options){.name = "done"});
    add_stage((weir_stage_options){.name = "only", .work.run = pass_on_run});
    start_pipeline();
    put_items(1, 1);
    sched_settle();
    sched_calm(false);
    int other = sched_spawn(finish_well, NULL);
    must(weir_pipeline_finish(pipeline, sched_choose(2) == 0 ? 0 : WEIR_NEVER, NULL), WEIR_OK);
    sched_join(other);
    finish_with(WEIR_OK, 1, 0, 0, 0);
}

/* The arrival of an earlier deadline is not a timeout: that comes only when the deadline passes. */
static void finish_in_time(void *unused) {
    (void)unused;
    weir_deadline deadline = weir_deadline_after(1000);
    weir_status status = weir_pipeline_finish(pipeline, deadline, NULL);
    sched_check(status == WEIR_OK || (status == WEIR_TIMEDOUT && sched_now() >= deadline), "%s", weir_strerror(status));
}

/* A timeout that comes too early would drop the second item, which is in the queue. */
void scenario_finish_hurried(void) {
    begin_pipeline((weir_pipeline_options){.name = "hurried"});
    add_stage((weir_stage_options){.name = "only", .work.run = wait_at_gate_run, .input.capacity = 2});
    start_pipeline();
    put_items(1, 2);
    uint64_t from = sched_now();
    int other = sched_spawn(finish_in_time, NULL), opens = sched_spawn(open_gate_twice, NULL);
    weir_status status = weir_pipeline_finish(pipeline, WEIR_NEVER, NULL);
    sched_check(status == WEIR_OK || (status == WEIR_TIMEDOUT && sched_now() >= from + 1000), "%s",
                weir_strerror(status));
    sched_join(opens);
    sched_join(other);
    finish_pipeline(status);
}

/* Finishes again if the grace ends first (WEIR_BUSY). */
static void finish_in_the_end(weir_status expected) {
    while (weir_pipeline_finish(pipeline, WEIR_NEVER, NULL) == WEIR_BUSY)
        ;
    finish_pipeline(expected);
}

/* Threads that finish together are all told what is late, each with a report of its own. */
enum { GRACE = 10 * 1000 * 1000 };

static void finish_late(void *unused) {
    weir_report *report = NULL;
    (void)unused;
    must(weir_pipeline_finish(pipeline, 0, &report), WEIR_BUSY);
    sched_check(report != NULL && report->late_count > 0, "none is late");
    weir_report_free(report);
}

void scenario_finishes_are_late(void) {
    begin_pipeline((weir_pipeline_options){.name = "late", .grace = GRACE});
    add_stage((weir_stage_options){.name = "only", .work.run = wait_at_gate_run, .input.capacity = 2});
    start_pipeline();
    put_items(1, 2);
    sched_settle();
    sched_calm(false);
    int others[2] = {sched_spawn(finish_late, NULL), sched_spawn(finish_late, NULL)};
    finish_late(NULL);
    sched_join(others[0]);
    sched_join(others[1]);
    open_gate();
    finish_in_the_end(WEIR_TIMEDOUT);
}

/* A finish with a deadline that has passed finds a view that is being started, and sleeps until it is. */
void scenario_finish_beside_show(void) {
    static FILE *nowhere;
    if (nowhere == NULL)
        nowhere = fopen("/dev/null", "w");
    begin_pipeline((weir_pipeline_options){.name = "shown"});
    add_stage((weir_stage_options){.name = "only", .work.run = pass_on_run});
    start_pipeline();
    int other = sched_spawn(finish_too_late, NULL);
    weir_status shown = weir_pipeline_show(pipeline, nowhere, 0);
    sched_check(shown == WEIR_OK || shown == WEIR_INVALID, "%s", weir_strerror(shown));
    sched_join(other);
    finish_pipeline(weir_pipeline_finish(pipeline, WEIR_NEVER, NULL));
}

/* ---- graphs ---- */

static int split(weir_task *task, void *got, void *arg) {
    (void)arg;
    begin_call(got);
    weir_task_emit(task, item(1));
    weir_task_emit(task, item(2));
    return end_call(got);
}

/* Two stages lead to a third one, which ends after both. */
void scenario_fan_in_ends(void) {
    begin_pipeline((weir_pipeline_options){.name = "fan"});
    weir_stage *first = add_stage((weir_stage_options){.name = "first", .work.run = split});
    weir_stage *last = add_stage((weir_stage_options){.name = "last", .work.func = pass_on});
    weir_stage *side = add_stage((weir_stage_options){.name = "side", .work.func = pass_on});
    must(weir_pipeline_connect(pipeline, first, side), WEIR_OK);
    must(weir_pipeline_connect(pipeline, first, last), WEIR_OK);
    must(weir_pipeline_connect(pipeline, side, last), WEIR_OK);
    start_pipeline();
    put_items(3, 1);
    finish_with(WEIR_OK, 1, 0, 0, 0);
    sched_check(ran[1] == 2 && ran[2] == 1, "%d and %d", ran[1], ran[2]);
}

static int produce_one(weir_task *task, void *none, void *arg) {
    (void)none;
    (void)arg;
    wait_at_gate();
    weir_task_emit(task, item(1));
    return WEIR_END;
}

/* A source and puts from outside lead into one stage. The source may find that the run is being finished. */
void scenario_source_beside_puts(void) {
    begin_pipeline((weir_pipeline_options){.max_items = 2});
    weir_stage *source = add_stage((weir_stage_options){.name = "source", .work.source = produce_one});
    weir_stage *entrance = add_stage((weir_stage_options){.name = "entrance", .work.func = pass_on});
    weir_stage *last = add_stage((weir_stage_options){.name = "last", .work.func = pass_on});
    must(weir_pipeline_connect(pipeline, source, last), WEIR_OK);
    must(weir_pipeline_connect(pipeline, entrance, last), WEIR_OK);
    start_pipeline();
    put_items(2, 1);
    open_gate();
    look_calmly();
    must(weir_pipeline_wait(pipeline, WEIR_NEVER), WEIR_OK);
    finish_with(WEIR_OK, 2, 0, 0, 0);
    sched_check(ran[1] == 1 && ran[2] == 2, "%d and %d", ran[1], ran[2]);
}

static int finish_in_source(weir_task *task, void *none, void *arg) {
    (void)none;
    (void)arg;
    must(weir_pipeline_finish(weir_task_pipeline(task), WEIR_NEVER, NULL), WEIR_DEADLOCK);
    weir_task_emit(task, item(1));
    return 0;
}

/* The end begins before the source returns, and the wait says so, whether or not the source is gone. */
void scenario_wait_for_a_source_that_was_ended(void) {
    begin_pipeline((weir_pipeline_options){.name = "ended"});
    add_stage((weir_stage_options){.name = "source", .work.source = finish_in_source});
    add_stage((weir_stage_options){.name = "last", .work.func = pass_on});
    start_pipeline();
    must(weir_pipeline_wait(pipeline, WEIR_NEVER), WEIR_CLOSED);
    finish_with(WEIR_OK, 1, 0, 0, 0);
}

static int finish_inside(weir_task *task, void *got, void *arg) {
    (void)arg;
    begin_call(got);
    must(weir_pipeline_finish(weir_task_pipeline(task), WEIR_NEVER, NULL), WEIR_DEADLOCK);
    return end_call(got);
}

/* From inside, finish does not wait. Items put before it go through. */
void scenario_finish_inside(void) {
    begin_pipeline((weir_pipeline_options){.name = "inside"});
    add_stage((weir_stage_options){.name = "only", .work.run = finish_inside, .input.capacity = 2});
    start_pipeline();
    put_items(1, 1);
    put_if_open(item(2));
    finish_pipeline(WEIR_OK);
    check_each_ended_once(2);
}

static int put_inside(weir_task *task, void *got, void *arg) {
    (void)arg;
    begin_call(got);
    if (number(got) == 1) {
        must(weir_pipeline_put(weir_task_pipeline(task), item(2)), WEIR_OK);
        must(weir_pipeline_put(weir_task_pipeline(task), item(3)), WEIR_DEADLOCK);
        open_gate();
    }
    return end_call(got);
}

/* The only thread that makes room does not wait for room. */
void scenario_put_inside(void) {
    begin_pipeline((weir_pipeline_options){.name = "inside"});
    add_stage((weir_stage_options){.name = "only", .work.run = put_inside, .input.capacity = 1});
    start_pipeline();
    put_items(1, 1);
    wait_at_gate();
    finish_with(WEIR_OK, 2, 0, 0, 0);
    check_each_ended_once(2);
}

static void drop_at_gate(void *got, void *arg) {
    (void)arg;
    wait_at_gate();
    dropped[number(got)]++;
}

/*
 * The deadline has passed and a drop function takes long: finish returns, and its report names the function. Once
 * everything is through, another finish returns what it would have returned in time.
 */
void scenario_finish_beside_slow_drop(void) {
    weir_report *report = NULL;
    begin_pipeline((weir_pipeline_options){.name = "slow", .grace = 1000});
    add_stage((weir_stage_options){
        .name = "only", .work.run = wait_at_gate_run, .input.capacity = 2, .input.drop = drop_at_gate});
    start_pipeline();
    put_items(1, 2);
    must(weir_pipeline_finish(pipeline, 0, &report), WEIR_BUSY);
    sched_check(report != NULL && report->late_count > 0, "none is late");
    weir_report_free(report);
    open_gate();
    open_gate();
    finish_in_the_end(WEIR_TIMEDOUT);
    check_each_ended_once(2);
}

/* A drop function finishes the pipeline that it drops for, without a deadline. */
static void finish_in_drop(void *got, void *arg) {
    (void)arg;
    must(weir_pipeline_finish(pipeline, WEIR_NEVER, NULL), WEIR_DEADLOCK);
    must(weir_pipeline_wait(pipeline, WEIR_NEVER), WEIR_DEADLOCK);
    must(weir_pipeline_destroy(pipeline), WEIR_DEADLOCK);
    dropped[number(got)]++;
}

void scenario_finish_in_a_drop(void) {
    begin_pipeline((weir_pipeline_options){.name = "inside"});
    add_stage((weir_stage_options){
        .name = "only", .work.run = wait_at_gate_run, .input.capacity = 2, .input.drop = finish_in_drop});
    start_pipeline();
    put_items(1, 2);
    int other = sched_spawn(cancel, NULL);
    open_gate();
    open_gate();
    sched_join(other);
    finish_pipeline(WEIR_CANCELLED);
    check_each_ended_once(2);
}
