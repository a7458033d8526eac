/*
 * pipeline_operations.c - scenarios of operations: calls that end after their function has returned.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <weir/operation.h>

#include "crew_support.h"

static weir_operation operations[NUMBERS]; /* of the present attempts, by item */
static int asked, successes;

/* Starts an operation, and tells the finisher of it before the function returns. */
static int detach(weir_task *task, void *got, void *arg) {
    (void)arg;
    begin_call(got);
    must(weir_task_detach(task, &operations[number(got)]), WEIR_OK);
    must(weir_queue_put(gate, got), WEIR_OK);
    return WEIR_PENDING;
}

/* Waits for the next operation. Returns its item. */
static void *next_item(void) {
    void *got;
    must(weir_queue_get(gate, &got), WEIR_OK);
    return got;
}

static void finish_done(void *got) {
    (void)end_call(got);
    must(weir_operation_finish(pipeline, operations[number(got)], 0), WEIR_OK);
}

static void finish_items(int count) {
    for (int i = 0; i < count; i++)
        finish_done(next_item());
}

static void finish_one(void *unused) {
    (void)unused;
    finish_items(1);
}

static void finish_two(void *unused) {
    (void)unused;
    finish_items(2);
}

static weir_stage_options detaching(size_t in_flight, size_t threads) {
    return (weir_stage_options){.name = "detach",
                                .work.run = detach,
                                .threads.count = threads,
                                .input.capacity = 4,
                                .limits.in_flight = in_flight};
}

static void begin(weir_stage_options options) {
    asked = successes = 0;
    begin_pipeline((weir_pipeline_options){.name = "operations"});
    add_stage(options);
    start_pipeline();
}

static void finish_with_result(void *unused) {
    void *got = next_item();
    (void)unused;
    must(weir_operation_emit(pipeline, operations[number(got)], got), WEIR_OK);
    finish_done(got);
}

/* The finish comes before the return of the function, or after it, or meets it. */
void scenario_operation_against_return(void) {
    weir_queue *results = new_counting_queue(4);
    weir_stage_options options = detaching(1, 1);
    options.output.results = results;
    begin(options);
    int other = sched_spawn(finish_with_result, NULL);
    put_items(1, 1);
    sched_join(other);
    finish_with(WEIR_OK, 1, 0, 0, 0);
    check_results(results, (int[]){1, 0});
}

/* The only lane has the next item, and waits at the limit: the finish lets it go on, and it ends the first call. */
void scenario_operation_at_the_limit(void) {
    begin(detaching(1, 1));
    int other = sched_spawn(finish_two, NULL);
    put_items(1, 2);
    sched_join(other);
    finish_with(WEIR_OK, 2, 0, 0, 0);
}

/* Finishes each operation after the result of the one before has left. */
static void finish_after_results(void *results) {
    void *got;
    for (int i = 0; i < 3; i++) {
        finish_with_result(NULL);
        must(weir_queue_get(results, &got), WEIR_OK);
    }
}

/* The lane takes a third item, and waits for its slot: it has ended the first call before (Z3). */
void scenario_operation_results_at_the_limit(void) {
    weir_queue *results = new_counting_queue(4);
    weir_stage_options options = detaching(1, 1);
    options.output.results = results;
    begin(options);
    int other = sched_spawn(finish_after_results, results);
    put_items(1, 3);
    sched_join(other);
    finish_with(WEIR_OK, 3, 0, 0, 0);
    check_results(results, (int[]){0});
}

/* Both lanes wait at the limit. Two operations end one after the other: both go on (P3). */
void scenario_operation_two_lanes(void) {
    begin(detaching(2, 2));
    put_calmly(1, 4);
    sched_settle();
    finish_items(2);
    sched_settle();
    sched_check(ran[1] + ran[2] + ran[3] + ran[4] == 4, "a lane waits although there is a slot");
    sched_calm(true);
    finish_items(2);
    finish_with(WEIR_OK, 4, 0, 0, 0);
}

static weir_queue *held; /* the function of item 1 waits here after it has detached */

static int detach_and_wait(weir_task *task, void *got, void *arg) {
    int code = detach(task, got, arg);
    if (number(got) == 1)
        (void)get_number(held);
    return code;
}

/* One lane is inside the function of item 1, the other one waits for its slot. */
static void begin_inside(void) {
    weir_stage_options options = detaching(1, 2);
    options.work.run = detach_and_wait;
    held = new_queue(1);
    begin(options);
    put_calmly(1, 2);
    sched_settle();
}

/* The function returns to an operation that is finished. */
void scenario_operation_answered_at_the_limit(void) {
    begin_inside();
    finish_items(1);
    must(weir_queue_put(held, item(1)), WEIR_OK);
    finish_items(1);
    must(weir_queue_destroy(held), WEIR_OK);
    finish_with(WEIR_OK, 2, 0, 0, 0);
}

static uint64_t key_of_all(const void *got, void *arg) {
    (void)got;
    (void)arg;
    return 1;
}

/* The second item of the key begins after the first operation, although there is a slot. */
void scenario_operation_keeps_its_key(void) {
    weir_stage_options options = detaching(2, 1);
    options.limits.per_key = 1;
    options.limits.key = key_of_all;
    begin(options);
    put_items(1, 2);
    void *first = next_item();
    sched_settle();
    sched_check(number(first) == 1 && ran[2] == 0, "item 2 has begun");
    finish_done(first);
    finish_items(1);
    finish_with(WEIR_OK, 2, 0, 0, 0);
}

/* As many items enter as the queue, the lane and the operations hold, although the order limits them. */
void scenario_operation_has_room(void) {
    weir_stage_options options = detaching(2, 1);
    options.input.capacity = 1;
    options.output.ordered = true;
    begin(options);
    put_items(1, 4);
    finish_items(4);
    finish_with(WEIR_OK, 4, 0, 0, 0);
}

/* The item of a failed attempt needs a slot again. */
void scenario_operation_is_retried(void) {
    weir_stage_options options = detaching(1, 1);
    options.errors.on_error = WEIR_SKIP;
    options.errors.retry.attempts = 2;
    begin(options);
    put_items(1, 1);
    void *got = next_item();
    weir_operation first = operations[number(got)];
    must(weir_operation_fail(pipeline, first, 7, "no"), WEIR_OK);
    must(weir_operation_finish(pipeline, first, 0), WEIR_INVALID);
    finish_items(1);
    must(weir_operation_finish(pipeline, first, 0), WEIR_INVALID);
    finish_with(WEIR_OK, 1, 0, 0, 0);
}

static void finish_if_open(void *got) {
    if (weir_operation_finish(pipeline, operations[number(got)], 0) == WEIR_OK)
        successes++;
}

/* One of two threads finishes, and the item ends once. */
void scenario_operation_finished_twice(void) {
    begin(detaching(1, 1));
    put_items(1, 1);
    void *got = next_item();
    int other = sched_spawn(finish_if_open, got);
    finish_if_open(got);
    sched_join(other);
    sched_check(successes == 1, "%d finishes have succeeded", successes);
    finish_with(WEIR_OK, 1, 0, 0, 0);
}

/* The item is done by code 0, whatever the cancel does, and dropped by another one. */
static void finish_against(void (*other)(void *), weir_stage_options options, int code) {
    options.errors.on_error = WEIR_SKIP;
    begin(options);
    put_items(1, 1);
    void *got = next_item();
    int thread = sched_spawn(other, NULL);
    if (code == 0)
        (void)end_call(got);
    must(weir_operation_finish(pipeline, operations[1], code), WEIR_OK);
    sched_join(thread);
}

void scenario_operation_against_cancel(void) {
    finish_against(cancel, detaching(1, 1), 0);
    finish_with(WEIR_CANCELLED, 1, 0, 0, 0);
}

/* The attempt has failed before the cancel, and the item with it, or is dropped. */
void scenario_operation_fails_against_cancel(void) {
    finish_against(cancel, detaching(1, 1), 7);
    finish_pipeline(WEIR_CANCELLED);
    sched_check(dropped[1] == 1, "item 1 was dropped %d times", dropped[1]);
}

/* Two results, in a stage that has an order: they go with the item, or are dropped. */
void scenario_operation_results_against_cancel(void) {
    weir_queue *results = new_counting_queue(4);
    weir_stage_options options = detaching(1, 1);
    options.output.ordered = true;
    options.output.results = results;
    begin(options);
    put_items(1, 1);
    (void)next_item();
    int thread = sched_spawn(cancel, NULL);
    must(weir_operation_emit(pipeline, operations[1], item(2)), WEIR_OK);
    must(weir_operation_emit(pipeline, operations[1], item(3)), WEIR_OK);
    must(weir_operation_finish(pipeline, operations[1], 0), WEIR_OK);
    sched_join(thread);
    finish_pipeline(WEIR_CANCELLED);
    void *got;
    while (weir_queue_get(results, &got) == WEIR_OK)
        dropped[number(got)]++;
    sched_check(dropped[1] == 0 && dropped[2] == 1 && dropped[3] == 1, "dropped %d, results %d and %d", dropped[1],
                dropped[2], dropped[3]);
    must(weir_queue_destroy(results), WEIR_OK);
}

/* The same, and a cancel comes: it wakes the lane that waits. The second operation may begin before. */
void scenario_operation_cancel_at_the_limit(void) {
    void *got;
    begin_inside();
    int thread = sched_spawn(cancel, NULL);
    finish_items(1);
    must(weir_queue_put(held, item(1)), WEIR_OK);
    sched_join(thread);
    sched_settle();
    if (weir_queue_try_get(gate, &got) == WEIR_OK)
        finish_done(got);
    must(weir_queue_destroy(held), WEIR_OK);
    finish_pipeline(WEIR_CANCELLED);
    check_each_ended_once(2);
}

/* The operation goes on: only the cancel wakes the lane that waits for its slot. */
void scenario_operation_cancel_wakes_the_lane(void) {
    begin(detaching(1, 1));
    put_items(1, 2);
    cancel(NULL);
    sched_settle();
    sched_check(ran[1] == 0 || dropped[2] == 1, "item 2 was dropped %d times", dropped[2]);
    if (ran[1] == 1)
        finish_items(1);
    finish_pipeline(WEIR_CANCELLED);
    check_each_ended_once(2);
}

/* Finishes the operation of the item before, in the lane's own thread. The last item has none. */
static int finish_the_one_before(weir_task *task, void *got, void *arg) {
    int n = number(got);
    (void)arg;
    begin_call(got);
    if (n < 3)
        must(weir_task_detach(task, &operations[n]), WEIR_OK);
    if (n > 1)
        finish_done(item(n - 1));
    return n < 3 ? WEIR_PENDING : end_call(got);
}

/* The lane keeps the item of each, and ends its call (Z8). */
void scenario_operation_kept(void) {
    weir_stage_options options = detaching(2, 1);
    options.work.run = finish_the_one_before;
    begin(options);
    put_items(1, 3);
    finish_with(WEIR_OK, 3, 0, 0, 0);
}

/* The same, and a cancel comes. */
void scenario_operation_kept_against_cancel(void) {
    weir_stage_options options = detaching(2, 1);
    options.work.run = finish_the_one_before;
    begin(options);
    put_items(1, 3);
    int thread = sched_spawn(cancel, NULL);
    sched_join(thread);
    sched_settle();
    for (int n = 1; n < 3; n++) {
        if (ran[n] == 1 && done[n] == 0)
            finish_done(item(n));
    }
    finish_pipeline(WEIR_CANCELLED);
    check_each_ended_once(3);
}

/* Ends the pipeline while a thread finishes its last operation: the destroy waits for the call. */
void scenario_operation_against_destroy(void) {
    begin(detaching(1, 1));
    put_items(1, 1);
    int thread = sched_spawn(finish_one, NULL);
    weir_report *report;
    must(weir_pipeline_finish(pipeline, WEIR_NEVER, &report), WEIR_OK);
    sched_check(report->counts.done == 1, "%d are done", (int)report->counts.done);
    weir_report_free(report);
    must(weir_pipeline_destroy(pipeline), WEIR_OK);
    sched_join(thread);
    must(weir_queue_destroy(gate), WEIR_OK);
    sched_check(done[1] == 1, "item 1 was done %d times", done[1]);
}

/* The same, and the operation is alone: the pipeline is cancelled, and all its threads have ended. */
void scenario_operation_outlives_threads(void) {
    begin(detaching(1, 1));
    put_items(1, 1);
    void *got = next_item();
    int thread = sched_spawn(finish_if_open, got);
    must(weir_pipeline_destroy(pipeline), WEIR_OK);
    sched_join(thread);
    must(weir_queue_destroy(gate), WEIR_OK);
    sched_check(successes == 1, "the finish was refused");
}

/* ---- aborts ---- */

/* Ends the operation itself, unless another thread was first. */
static void abort_one(weir_operation operation, weir_abort_reason why, void *arg) {
    (void)why;
    (void)arg;
    asked++;
    if (weir_operation_finish(pipeline, operation, 7) == WEIR_OK)
        successes++;
}

static weir_stage_options aborting(void) {
    weir_stage_options options = detaching(1, 1);
    options.work.abort = abort_one;
    return options;
}

/* The cancel comes before or after the return of the function: the operation is asked for its end once. */
void scenario_operation_abort_against_return(void) {
    begin(aborting());
    put_items(1, 1);
    (void)next_item();
    cancel(NULL);
    finish_with(WEIR_CANCELLED, 0, 0, 0, 1);
    sched_check(asked == 1 && successes == 1, "asked %d times, %d have succeeded", asked, successes);
}

/* The cancel asks while another thread finishes. */
void scenario_operation_abort_against_finish(void) {
    begin(aborting());
    put_items(1, 1);
    void *got = next_item();
    int thread = sched_spawn(cancel, NULL);
    finish_if_open(got);
    sched_join(thread);
    finish_pipeline(WEIR_CANCELLED);
    sched_check(asked <= 1 && successes == 1, "asked %d times, %d have succeeded", asked, successes);
}

/* The alarm rings while another thread finishes, and the operation of the next item has the same slot. */
void scenario_operation_alarm_against_finish(void) {
    weir_stage_options options = aborting();
    options.errors.on_error = WEIR_SKIP;
    options.errors.attempt_time = WEIR_SECOND;
    begin(options);
    put_items(1, 2);
    finish_if_open(next_item());
    finish_if_open(next_item());
    finish_pipeline(WEIR_OK);
    sched_check(successes == 2, "%d have succeeded", successes);
}

static uint64_t began[NUMBERS], rang[NUMBERS];
static uint64_t takes[NUMBERS]; /* ns for which the function of an item goes on after it has detached */

static int detach_and_compute(weir_task *task, void *got, void *arg) {
    began[number(got)] = sched_now();
    int code = detach(task, got, arg);
    if (takes[number(got)] != 0)
        sched_compute(takes[number(got)]);
    return code;
}

static void note_ring(weir_operation operation, weir_abort_reason why, void *arg) {
    (void)why;
    for (int i = 1; i < NUMBERS; i++) {
        if (operations[i] == operation)
            rang[i] = sched_now();
    }
    abort_one(operation, why, arg);
}

enum { LIMIT = 5000 };

static weir_stage_options computing(size_t threads) {
    weir_stage_options options = detaching(2, threads);
    options.work.run = detach_and_compute;
    options.work.abort = note_ring;
    options.errors.on_error = WEIR_SKIP;
    options.errors.attempt_time = LIMIT;
    for (int i = 0; i < NUMBERS; i++)
        began[i] = rang[i] = takes[i] = 0;
    return options;
}

/* The function of the older operation returns last: the alarm is moved to an earlier time, and later rings again. */
void scenario_operation_moves_the_alarm(void) {
    weir_stage_options options = computing(2);
    takes[1] = 1000;
    begin(options);
    sched_calm(true);
    put_items(1, 1);
    sched_compute(100);
    put_items(2, 1);
    sched_compute(4 * LIMIT);
    for (int i = 1; i <= 2; i++)
        sched_check(rang[i] == began[i] + LIMIT, "item %d was asked after %d ns", i, (int)(rang[i] - began[i]));
    finish_pipeline(WEIR_OK);
}

/* The time passes while the function goes on: its lane counts, and not the finish. */
void scenario_operation_is_overdue_once(void) {
    weir_stage_options options = computing(1);
    options.work.abort = NULL;
    takes[1] = 2 * LIMIT;
    begin(options);
    sched_calm(true);
    put_items(1, 1);
    void *got = next_item();
    sched_compute(3 * LIMIT);
    weir_report *report;
    must(weir_pipeline_report(pipeline, &report), WEIR_OK);
    sched_check(report->stages[0].overdue == 1, "%d are overdue", (int)report->stages[0].overdue);
    weir_report_free(report);
    finish_done(got);
    must(weir_pipeline_report(pipeline, &report), WEIR_OK);
    sched_check(report->stages[0].overdue == 1, "%d were overdue", (int)report->stages[0].overdue);
    weir_report_free(report);
    finish_with(WEIR_OK, 1, 0, 0, 0);
}

/* Two operations become the oldest at the same time, or one of them while the alarm rings. Each is asked. */
void scenario_operation_alarm_against_return(void) {
    weir_stage_options options = computing(2);
    takes[1] = takes[2] = 1000;
    begin(options);
    put_calmly(1, 2);
    sched_settle();
    finish_pipeline(WEIR_OK);
    sched_check(asked == 2 && successes == 2, "asked %d times, %d have succeeded", asked, successes);
}

/* ---- on the crew ---- */

void scenario_operation_on_crew(void) {
    sched_processors(1);
    weir_stage_options options = detaching(1, 0);
    options.threads.width = 2;
    begin(options);
    int thread = sched_spawn(finish_two, NULL);
    put_items(1, 2);
    sched_join(thread);
    finish_with(WEIR_OK, 2, 0, 0, 0);
}
