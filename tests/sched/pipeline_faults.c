/*
 * pipeline_faults.c - scenarios of threads that end or cannot be created, and of lack of memory.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "explore.h"
#include "pipeline_support.h"

/* ---- functions that end their threads ---- */

/* Whatever the stage's options say, the run fails. */
static weir_stage_options exiting_stage(size_t threads) {
    return (weir_stage_options){
        .name = "exit", .threads.count = threads, .input.capacity = 3, .errors.on_error = WEIR_SKIP};
}

static int exit_in_first(weir_task *task, void *got, void *arg) {
    (void)arg;
    begin_call(got);
    weir_task_emit(task, item(10 + number(got)));
    if (number(got) == 1)
        sched_exit_thread();
    return end_call(got);
}

static void check_only_first_failed(int last) {
    check_each_ended_once(last);
    sched_check(ran[1] == 1 && dropped[1] == 1, "item 1 ran %d times and was dropped %d times", ran[1], dropped[1]);
    for (int i = 1; i <= last; i++)
        sched_check(done[10 + i] + dropped[10 + i] == ran[i], "the result of item %d has ended %d times", i,
                    done[10 + i] + dropped[10 + i]);
}

/* The other worker's item is done, if its function has begun. */
void scenario_exit_beside_another(void) {
    begin_pipeline((weir_pipeline_options){.name = "exit"});
    weir_stage_options options = exiting_stage(2);
    options.work.run = exit_in_first;
    options.errors.retry.attempts = 2;
    add_stage(options);
    add_stage((weir_stage_options){.name = "last", .work.func = pass_on});
    start_pipeline();
    put_items(1, 1);
    put_if_open(item(2));
    put_if_open(item(3));
    finish_exited("exit", 1);
    check_only_first_failed(3);
    for (int i = 2; i <= 3; i++)
        sched_check(done[i] == ran[i], "item %d was begun %d times and ended %d times", i, ran[i], done[i]);
}

/* No worker is left to take the second item. */
void scenario_exit_of_the_only_one(void) {
    begin_pipeline((weir_pipeline_options){.name = "exit"});
    weir_stage_options options = exiting_stage(1);
    options.work.run = exit_in_first;
    add_stage(options);
    add_stage((weir_stage_options){.name = "last", .work.func = pass_on});
    start_pipeline();
    put_items(1, 1);
    put_if_open(item(2));
    finish_exited("exit", 1);
    check_only_first_failed(2);
    sched_check(ran[2] == 0, "item 2 ran");
}

static void *exit_in_plain(void *got, void *arg) {
    (void)arg;
    begin_call(got);
    if (number(got) == 1)
        sched_exit_thread();
    (void)end_call(got);
    return got;
}

void scenario_exit_in_plain(void) {
    begin_pipeline((weir_pipeline_options){.name = "exit"});
    weir_stage_options options = exiting_stage(2);
    options.work.func = exit_in_plain;
    add_stage(options);
    start_pipeline();
    put_items(1, 1);
    put_if_open(item(2));
    finish_exited("exit", 1);
    check_each_ended_once(2);
    sched_check(dropped[1] == 1, "item 1 was dropped %d times", dropped[1]);
}

static int produced;

/* The first two calls wait at the gate. One of them ends its thread, after an emit. */
static int exit_in_source(weir_task *task, void *none, void *arg) {
    int call = ++produced;
    (void)none;
    (void)arg;
    if (call < 3)
        wait_at_gate();
    weir_task_emit(task, item(call));
    if (call == 2)
        sched_exit_thread();
    return WEIR_END;
}

/* What both threads have emitted has gone on, or is dropped. */
void scenario_exit_in_source(void) {
    weir_queue *results = new_counting_queue(4);
    produced = 0;
    begin_pipeline((weir_pipeline_options){.name = "exit"});
    weir_stage_options options = exiting_stage(2);
    options.work.source = exit_in_source;
    options.input.capacity = 0;
    options.output.results = results;
    add_stage(options);
    start_pipeline();
    open_gate();
    open_gate();
    must(weir_pipeline_wait(pipeline, WEIR_NEVER), WEIR_CANCELLED);
    finish_exited("exit", 0);
    must(weir_queue_destroy(results), WEIR_OK);
    sched_check(dropped[1] == 1 && dropped[2] == 1, "dropped %d and %d", dropped[1], dropped[2]);
}

static int exit_at_gate(weir_task *task, void *none, void *arg) {
    (void)task;
    (void)none;
    (void)arg;
    wait_at_gate();
    sched_exit_thread();
}

static int end_at_once(weir_task *task, void *none, void *arg) {
    (void)task;
    (void)none;
    (void)arg;
    return WEIR_END;
}

/* Until then the start is not explored. */
static weir_status open_gate_in_init(void *arg, void **state) {
    *state = arg;
    sched_calm(false);
    open_gate();
    return WEIR_OK;
}

/* Stages are started from the last to the first: "slow" after the source that exits. */
void scenario_exit_in_start(void) {
    begin_pipeline((weir_pipeline_options){.name = "exit"});
    weir_stage *slow =
        add_stage((weir_stage_options){.name = "slow", .work.source = end_at_once, .work.init = open_gate_in_init});
    weir_stage_options options = exiting_stage(1);
    options.work.source = exit_at_gate;
    options.input.capacity = 0;
    weir_stage *exits = add_stage(options),
               *last = add_stage((weir_stage_options){.name = "last", .work.func = pass_on});
    must(weir_pipeline_connect(pipeline, slow, last), WEIR_OK);
    must(weir_pipeline_connect(pipeline, exits, last), WEIR_OK);
    sched_calm(true);
    must(weir_pipeline_start(pipeline), WEIR_OK);
    finish_exited("exit", 0);
}

/* ---- threads and memory that are refused ---- */

static void add_two_stages(void) {
    add_stage((weir_stage_options){.name = "first",
                                   .work.run = pass_on_run,
                                   .errors.on_error = WEIR_SKIP,
                                   .errors.retry = {.attempts = 2, .backoff = WEIR_SECOND}});
    add_stage((weir_stage_options){.name = "last", .work.run = pass_on_run});
}

/* Destroys the pipeline after a failed start. The start's message is not an error of a stage. */
static void finish_unstarted(void) {
    weir_report *report;
    sched_calm(true);
    must(weir_pipeline_put(pipeline, item(1)), WEIR_INVALID);
    look(NULL);
    must(weir_pipeline_report(pipeline, &report), WEIR_OK);
    sched_check(report->error_count == 0, "%d errors", (int)report->error_count);
    weir_report_free(report);
    must(weir_pipeline_destroy(pipeline), WEIR_OK);
    must(weir_queue_destroy(gate), WEIR_OK);
}

/* Any of the three threads cannot be created. */
void scenario_start_without_thread(void) {
    begin_pipeline((weir_pipeline_options){.name = "start"});
    add_two_stages();
    sched_fail_thread(1 + (unsigned)explore_choose(3, 0), false);
    must(weir_pipeline_start(pipeline), WEIR_NOTHREAD);
    finish_unstarted();
}

/* Any of the first 32 allocations fails. */
void scenario_start_without_memory(void) {
    begin_pipeline((weir_pipeline_options){.name = "start"});
    add_two_stages();
    sched_fail_allocation(1 + (unsigned)explore_choose(32, 0), false);
    weir_status status = weir_pipeline_start(pipeline);
    sched_fail_allocation(0, false);
    sched_settle();
    if (status != WEIR_OK) {
        must(status, WEIR_NOMEM);
        finish_unstarted();
        return;
    }
    finish_pipeline(WEIR_OK);
}

static int inits;

static weir_status second_init_fails(void *arg, void **state) {
    (void)arg;
    *state = NULL;
    return ++inits == 2 ? WEIR_NOMEM : WEIR_OK;
}

void scenario_start_without_init(void) {
    inits = 0;
    begin_pipeline((weir_pipeline_options){.name = "start"});
    add_stage((weir_stage_options){
        .name = "only", .work.run = pass_on_run, .threads.count = 2, .work.init = second_init_fails});
    must(weir_pipeline_start(pipeline), WEIR_INITFAILED);
    finish_unstarted();
}

static int look_inside(weir_task *task, void *none, void *arg) {
    (void)task;
    (void)none;
    look(arg);
    return WEIR_END;
}

static int put_early(weir_task *task, void *none, void *arg) {
    (void)task;
    (void)none;
    (void)arg;
    weir_status status = weir_pipeline_put(pipeline, item(1));
    sched_check(status == WEIR_OK || status == WEIR_CLOSED || status == WEIR_DEADLOCK, "%s", weir_strerror(status));
    const char *message = weir_pipeline_message(pipeline);
    bool own = status == WEIR_CLOSED && strcmp(message, "put: the pipeline is cancelled") == 0;
    sched_check(message[0] == '\0' || own || status == WEIR_DEADLOCK, "a message of the start: %s", message);
    return WEIR_END;
}

/* A source that has started puts, while another stage fails to start. */
void scenario_put_in_a_start_that_fails(void) {
    begin_pipeline((weir_pipeline_options){.name = "start"});
    weir_stage *sick = add_stage((weir_stage_options){.name = "sick", .work.run = pass_on_run, .threads.count = 2});
    weir_stage *puts = add_stage((weir_stage_options){.name = "puts", .work.source = put_early});
    weir_stage *last = add_stage((weir_stage_options){.name = "last", .work.run = pass_on_run});
    must(weir_pipeline_connect(pipeline, sick, last), WEIR_OK);
    must(weir_pipeline_connect(pipeline, puts, last), WEIR_OK);
    sched_fail_thread(4, false); /* the second of the sick ones */
    must(weir_pipeline_start(pipeline), WEIR_NOTHREAD);
    finish_unstarted();
}

/* A source that has started makes a report, while the other one fails to start: its workers are freed. */
void scenario_report_of_a_start_that_fails(void) {
    begin_pipeline((weir_pipeline_options){.name = "start"});
    weir_stage *sick = add_stage((weir_stage_options){.name = "sick", .work.source = look_inside, .threads.count = 2});
    weir_stage *looks = add_stage((weir_stage_options){.name = "looks", .work.source = look_inside});
    weir_stage *last = add_stage((weir_stage_options){.name = "last", .work.run = pass_on_run});
    must(weir_pipeline_connect(pipeline, sick, last), WEIR_OK);
    must(weir_pipeline_connect(pipeline, looks, last), WEIR_OK);
    sched_fail_thread(4, false); /* the second of the sick ones */
    must(weir_pipeline_start(pipeline), WEIR_NOTHREAD);
    finish_unstarted();
}

static int fail_once_and_split(weir_task *task, void *got, void *arg) {
    (void)arg;
    begin_call(got);
    if (number(got) == 1 && weir_task_attempt(task) == 1)
        return weir_task_fail(task, 5, "once");
    weir_task_emit(task, item(10 + number(got)));
    weir_task_emit(task, item(20 + number(got)));
    return end_call(got);
}

static void put_if_possible(void *got) {
    weir_status status = weir_pipeline_put(pipeline, got);
    if (status != WEIR_OK) {
        sched_check(status == WEIR_NOMEM, "%s", weir_strerror(status));
        dropped[number(got)]++;
    }
}

/* If a result is lost, the call fails although the function returned 0: its item counts as done and as dropped. */
static void run_without_memory(weir_stage_options options) {
    weir_queue *results = new_counting_queue(8);
    begin_pipeline((weir_pipeline_options){.max_items = 3});
    options.name = "first";
    options.work.run = fail_once_and_split;
    options.input.capacity = 2;
    options.errors.on_error = WEIR_SKIP;
    options.errors.retry = (weir_retry){.attempts = 2, .backoff = WEIR_SECOND};
    options.output.results = results;
    add_stage(options);
    start_pipeline();
    sched_fail_allocation(1 + (unsigned)explore_choose(16, 0), false);
    put_if_possible(item(1));
    put_if_possible(item(2));
    must(weir_pipeline_finish(pipeline, WEIR_NEVER, NULL), WEIR_OK);
    sched_fail_allocation(0, false);
    finish_pipeline(WEIR_OK);
    for (int i = 1; i <= 2; i++)
        sched_check(done[i] + dropped[i] >= 1, "item %d is lost", i);
    must(weir_queue_destroy(results), WEIR_OK);
}

void scenario_run_without_memory(void) {
    run_without_memory((weir_stage_options){.threads.count = 1});
}

void scenario_ordered_without_memory(void) {
    run_without_memory((weir_stage_options){.output.ordered = true});
}

/* Two ordered stages, with one order restored behind the second. It waits for no item that is lost on the way there. */
static void lose_without_memory(weir_stage_options first) {
    weir_queue *results = new_counting_queue(8);
    begin_pipeline((weir_pipeline_options){.max_items = 4});
    first.name = "first";
    first.work.func = pass_on;
    first.input.capacity = 4;
    first.output.ordered = true;
    first.errors.on_error = WEIR_SKIP;
    add_stage(first);
    add_stage((weir_stage_options){.name = "second",
                                   .work.func = pass_on,
                                   .threads.count = 2,
                                   .input.capacity = WEIR_UNBOUNDED,
                                   .output.ordered = true,
                                   .output.results = results});
    start_pipeline();
    sched_fail_allocation(1 + (unsigned)explore_choose(6, 0), false);
    for (int i = 1; i <= 4; i++)
        put_if_possible(item(i));
    must(weir_pipeline_finish(pipeline, WEIR_NEVER, NULL), WEIR_OK);
    sched_fail_allocation(0, false);
    finish_pipeline(WEIR_OK);
    int last = 0;
    for (void *got; weir_queue_try_get(results, &got) == WEIR_OK; last = number(got)) {
        sched_check(number(got) > last, "item %d comes after item %d", number(got), last);
        must(weir_queue_task_done(results), WEIR_OK);
    }
    must(weir_queue_destroy(results), WEIR_OK);
}

/* The queue of the second stage has no memory for an item. */
void scenario_ordered_lost_without_memory(void) {
    lose_without_memory((weir_stage_options){.threads.count = 1});
}

static uint64_t same_key(const void *got, void *arg) {
    (void)got;
    (void)arg;
    return 0;
}

/* The first stage has no memory for the entry of an item's key, and gives the item up. */
void scenario_ordered_keys_without_memory(void) {
    lose_without_memory((weir_stage_options){.limits.key = same_key, .limits.per_key = 1});
}

void scenario_keys_without_memory(void) {
    run_without_memory((weir_stage_options){.limits.key = same_key, .limits.per_key = 1, .threads.count = 2});
}
