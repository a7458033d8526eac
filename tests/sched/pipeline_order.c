/*
 * pipeline_order.c - scenarios of ordered stages.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline_support.h"

/* Emits by number: one result, a failure after a result, two results, none. */
static int emit_by_number(weir_task *task, void *got, void *arg) {
    (void)arg;
    begin_call(got);
    switch (number(got)) {
        case 1:
            weir_task_emit(task, item(11));
            return end_call(got);
        case 2:
            weir_task_emit(task, item(21));
            return weir_task_fail(task, 5, "item %d", number(got));
        case 3:
            weir_task_emit(task, item(31));
            weir_task_emit(task, item(32));
            return end_call(got);
        default:
            return end_call(got);
    }
}

static weir_stage_options ordered_stage(weir_task_func *run, weir_queue *results) {
    return (weir_stage_options){.name = "ordered",
                                .work.run = run,
                                .threads.count = 2,
                                .input.capacity = 4,
                                .output.ordered = true,
                                .errors.on_error = WEIR_SKIP,
                                .output.results = results};
}

void scenario_ordered_results(void) {
    weir_queue *results = new_counting_queue(4);
    begin_pipeline((weir_pipeline_options){.name = "order"});
    add_stage(ordered_stage(emit_by_number, results));
    start_pipeline();
    put_items(1, 3);
    finish_with(WEIR_OK, 2, 1, 0, 0);
    check_each_ended_once(3);
    sched_check(dropped[21] == 1, "the result of a failed item was dropped %d times", dropped[21]);
    check_results(results, (int[]){11, 31, 32, 0});
}

void scenario_ordered_filter(void) {
    weir_queue *results = new_counting_queue(4);
    begin_pipeline((weir_pipeline_options){.name = "order"});
    add_stage(ordered_stage(emit_by_number, results));
    start_pipeline();
    put_items(4, 1);
    put_items(1, 1);
    look(NULL);
    finish_with(WEIR_OK, 2, 0, 0, 0);
    check_results(results, (int[]){11, 0});
}

/* The first item's function returns only after the second item's was called, so the second waits for its turn. */
static void *first_waits(void *got, void *arg) {
    (void)arg;
    begin_call(got);
    if (number(got) == 1)
        wait_at_gate();
    else
        open_gate();
    (void)end_call(got);
    return got;
}

static void add_ordered_func(weir_worker_func *func, weir_queue *results) {
    add_stage((weir_stage_options){.name = "ordered",
                                   .work.func = func,
                                   .threads.count = 2,
                                   .input.capacity = 4,
                                   .output.ordered = true,
                                   .output.results = results});
}

void scenario_ordered_behind_slow_one(void) {
    weir_queue *results = new_counting_queue(1);
    begin_pipeline((weir_pipeline_options){.name = "order"});
    add_ordered_func(first_waits, results);
    start_pipeline();
    put_items(1, 2);
    sched_check(get_number(results) == 1, "another than the first has come");
    must(weir_queue_task_done(results), WEIR_OK);
    finish_with(WEIR_OK, 2, 0, 0, 0);
    check_results(results, (int[]){2, 0});
}

static int fail_with_first(weir_task *task, void *got, void *arg) {
    return number(got) == 1 ? 5 : pass_on_run(task, got, arg);
}

/* Two ordered stages, with one order restored behind the second. */
void scenario_ordered_together(void) {
    weir_queue *results = new_counting_queue(2);
    begin_pipeline((weir_pipeline_options){.name = "order"});
    add_stage((weir_stage_options){.name = "first", .work.func = pass_on, .input.capacity = 3, .output.ordered = true});
    add_stage(ordered_stage(fail_with_first, results));
    start_pipeline();
    put_items(1, 2);
    finish_with(WEIR_OK, 1, 1, 0, 0);
    check_results(results, (int[]){2, 0});
}

/* The thread that runs the first item ends in it, when the second one has begun. */
static void *exit_with_first(void *got, void *arg) {
    (void)arg;
    begin_call(got);
    if (number(got) == 1) {
        wait_at_gate();
        sched_exit_thread();
    }
    sched_calm(false);
    open_gate();
    (void)end_call(got);
    return got;
}

static int exit_after_result(weir_task *task, void *got, void *arg) {
    weir_task_emit(task, item(10 + number(got)));
    (void)exit_with_first(got, arg);
    return 0;
}

/* The second item is ready, or about to be, and waits for the first. */
void scenario_exit_in_order(void) {
    weir_queue *results = new_counting_queue(4);
    begin_pipeline((weir_pipeline_options){.name = "order"});
    add_stage(ordered_stage(exit_after_result, results));
    start_pipeline();
    put_items(1, 2);
    finish_exited("ordered", 1);
    check_each_ended_once(2);
    sched_check(dropped[1] == 1, "item 1 was dropped %d times", dropped[1]);
    for (int i = 11; i <= 12; i++)
        sched_check(dropped[i] == 1, "result %d was dropped %d times", i, dropped[i]);
    check_results(results, (int[]){0});
}

/* The same with the order restored behind the next stage. Until the second item has begun, nothing is explored. */
void scenario_exit_before_order(void) {
    weir_queue *results = new_counting_queue(4);
    begin_pipeline((weir_pipeline_options){.name = "order"});
    add_stage((weir_stage_options){.name = "first",
                                   .work.func = exit_with_first,
                                   .threads.count = 2,
                                   .input.capacity = 3,
                                   .output.ordered = true,
                                   .errors.on_error = WEIR_SKIP});
    add_stage((weir_stage_options){
        .name = "second", .work.func = pass_on, .threads.count = 2, .output.ordered = true, .output.results = results});
    start_pipeline();
    sched_calm(true);
    put_items(1, 2);
    finish_exited("first", 1);
    for (int i = 1; i <= 2; i++)
        sched_check(dropped[i] == 1, "item %d was dropped %d times", i, dropped[i]);
    check_results(results, (int[]){0});
}

/* Tells the main thread that the item has begun. The first item then waits at the gate. */
static void *wait_once(void *got, void *arg) {
    begin_call(got);
    must(weir_queue_put(arg, got), WEIR_OK);
    if (number(got) == 1)
        wait_at_gate();
    (void)end_call(got);
    return got;
}

/* The second item is ready, or about to be, and waits for the first. */
void scenario_cancel_against_order(void) {
    weir_queue *results = new_counting_queue(4), *begun = new_queue(4);
    begin_pipeline((weir_pipeline_options){.name = "order"});
    add_stage((weir_stage_options){.name = "ordered",
                                   .work.func = wait_once,
                                   .work.arg = begun,
                                   .threads.count = 2,
                                   .input.capacity = 4,
                                   .output.ordered = true,
                                   .output.results = results});
    start_pipeline();
    put_items(1, 2);
    (void)get_number(begun);
    (void)get_number(begun);
    cancel(NULL);
    look_calmly();
    open_gate();
    finish_with(WEIR_CANCELLED, 0, 0, 0, 2);
    check_results(results, (int[]){0});
    for (int i = 1; i <= 2; i++)
        sched_check(dropped[i] == 1, "the result of item %d was dropped %d times", i, dropped[i]);
    must(weir_queue_destroy(begun), WEIR_OK);
}

static int cancel_and_fail(weir_task *task, void *got, void *arg) {
    (void)arg;
    begin_call(got);
    weir_task_emit(task, item(10 + number(got)));
    cancel(NULL);
    return number(got) == 1 ? 5 : end_call(got);
}

/*
 * What the function emitted is dropped as a result, not as an item of the stage. An item that is done has no turn any
 * more: the one before it may never have one.
 */
void scenario_ordered_cancel_inside(void) {
    weir_queue *results = new_counting_queue(4);
    begin_pipeline((weir_pipeline_options){.name = "order"});
    add_stage(ordered_stage(cancel_and_fail, results));
    start_pipeline();
    put_if_open(item(1));
    put_if_open(item(2));
    finish_pipeline(WEIR_CANCELLED);
    check_each_ended_once(2);
    for (int i = 1; i <= 2; i++)
        sched_check(dropped[10 + i] == ran[i], "the result of item %d was dropped %d times", i, dropped[10 + i]);
    check_results(results, (int[]){0});
}

static int wait_and_emit(weir_task *task, void *got, void *begun) {
    got = wait_once(got, begun);
    weir_task_emit(task, item(10 + number(got)));
    return 0;
}

/*
 * Another pipeline keeps the queue open: results leave in order, after the cancel too. The second item is ready, or about
 * to be, as the cancel comes.
 */
void scenario_ordered_into_open_queue(void) {
    weir_queue *results = new_counting_queue(4), *begun = new_queue(4);
    weir_stage_options options = ordered_stage(wait_and_emit, results);
    options.work.arg = begun;
    weir_pipeline *keeper;
    void *got;
    int last = 10, left[NUMBERS] = {0};
    must(weir_pipeline_create(&keeper, NULL), WEIR_OK);
    must(weir_pipeline_add(keeper, NULL, &options), WEIR_OK);
    begin_pipeline((weir_pipeline_options){.name = "order"});
    add_stage(options);
    start_pipeline();
    put_items(1, 2);
    (void)get_number(begun);
    (void)get_number(begun);
    cancel(NULL);
    open_gate();
    finish_pipeline(WEIR_CANCELLED);
    check_each_ended_once(2);
    while (weir_queue_try_get(results, &got) == WEIR_OK) {
        sched_check(number(got) > last, "%d after %d", number(got), last);
        last = number(got);
        left[last]++;
    }
    for (int i = 1; i <= 2; i++)
        sched_check(dropped[10 + i] + left[10 + i] == ran[i], "the result of item %d: %d dropped, %d left", i,
                    dropped[10 + i], left[10 + i]);
    sched_check(left[11] == 1, "the first result has not left");
    must(weir_pipeline_destroy(keeper), WEIR_OK);
    must(weir_queue_destroy(results), WEIR_OK);
    must(weir_queue_destroy(begun), WEIR_OK);
}
