/*
 * pipeline_batch.c - scenarios of stages that take several items at once.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline_support.h"

static int batches, reasons[WEIR_BATCH_END + 1];

static void begin_batch(weir_task *task, void *const *items, size_t count) {
    batches++;
    reasons[weir_task_batch_reason(task)]++;
    for (size_t i = 0; i < count; i++)
        begin_call(items[i]);
}

static int end_batch(void *const *items, size_t count) {
    for (size_t i = 0; i < count; i++)
        (void)end_call(items[i]);
    return 0;
}

static int run_batch(weir_task *task, void *const *items, size_t count, void *arg) {
    (void)arg;
    begin_batch(task, items, count);
    return end_batch(items, count);
}

static void begin_batches(weir_pipeline_options pipeline_options, weir_stage_options options) {
    batches = 0;
    for (int i = 0; i <= WEIR_BATCH_END; i++)
        reasons[i] = 0;
    begin_pipeline(pipeline_options);
    options.name = "batch";
    options.input.capacity = 4;
    options.errors.on_error = WEIR_SKIP;
    add_stage(options);
    start_pipeline();
}

/* The last batch is not full. Finish may find it gathered, or a worker about to gather it. */
void scenario_last_batch(void) {
    begin_batches((weir_pipeline_options){.name = "batch"},
                  (weir_stage_options){.work.run_batch = run_batch, .threads.count = 2, .batch = {.items = 2}});
    put_items(1, 3);
    finish_with(WEIR_OK, 3, 0, 0, 0);
    check_each_ended_once(3);
    sched_check(reasons[WEIR_BATCH_ITEMS] == 1 && reasons[WEIR_BATCH_END] == 1, "%d full, %d at the end",
                reasons[WEIR_BATCH_ITEMS], reasons[WEIR_BATCH_END]);
}

static int tell_batch(weir_task *task, void *const *items, size_t count, void *arg) {
    (void)arg;
    begin_batch(task, items, count);
    for (size_t i = 0; i < count; i++)
        open_gate();
    return end_batch(items, count);
}

/*
 * No more items come, and no thread finishes: the batch is made by its time. A timer that was set for the batch
 * before may fire for it.
 */
void scenario_batch_by_time(void) {
    begin_batches((weir_pipeline_options){.name = "batch"},
                  (weir_stage_options){.work.run_batch = tell_batch, .batch = {.items = 2, .wait = WEIR_SECOND}});
    put_items(1, 3);
    for (int i = 0; i < 3; i++)
        wait_at_gate();
    finish_with(WEIR_OK, 3, 0, 0, 0);
    sched_check(reasons[WEIR_BATCH_END] == 0 && reasons[WEIR_BATCH_TIME] >= 1, "%d by time", reasons[WEIR_BATCH_TIME]);
}

void scenario_cancel_against_batch(void) {
    begin_batches((weir_pipeline_options){.name = "batch"},
                  (weir_stage_options){
                      .work.run_batch = run_batch, .threads.count = 2, .batch = {.items = 3, .wait = WEIR_SECOND}});
    put_items(1, 2);
    cancel(NULL);
    look_calmly();
    finish_pipeline(WEIR_CANCELLED);
    check_each_ended_once(2);
}

static int fail_once(weir_task *task, void *const *items, size_t count, void *arg) {
    (void)arg;
    begin_batch(task, items, count);
    return batches == 1 ? weir_task_fail(task, 5, NULL) : end_batch(items, count);
}

/* The batch is retried as it was. */
void scenario_batch_tries_again(void) {
    begin_batches((weir_pipeline_options){.max_items = 3},
                  (weir_stage_options){.work.run_batch = fail_once,
                                       .batch = {.items = 2},
                                       .errors.retry = {.attempts = 2, .backoff = 100}});
    put_items(1, 2);
    finish_with(WEIR_OK, 2, 0, 0, 0);
    check_each_ended_once(2);
    sched_check(ran[1] == 2 && ran[2] == 2, "%d and %d attempts", ran[1], ran[2]);
}

static int fail_batch(weir_task *task, void *const *items, size_t count, void *arg) {
    (void)arg;
    begin_batch(task, items, count);
    return weir_task_fail(task, 5, NULL);
}

/* All items of the batch are given up. */
void scenario_batch_fails(void) {
    begin_batches((weir_pipeline_options){.max_items = 3},
                  (weir_stage_options){.work.run_batch = fail_batch, .threads.count = 2, .batch = {.items = 2}});
    put_items(1, 3);
    finish_with(WEIR_OK, 0, 3, 0, 0);
    check_each_ended_once(3);
}

static int combine(weir_task *task, void *const *items, size_t count, void *arg) {
    (void)arg;
    begin_batch(task, items, count);
    weir_task_emit(task, item(10));
    return end_batch(items, count);
}

static int wait_at_end(weir_task *task, void *got, void *arg) {
    weir_report *report;
    (void)arg;
    (void)task;
    begin_call(got);
    must(weir_pipeline_report(pipeline, &report), WEIR_OK);
    sched_check(report->counts.done == 0, "%d are done before what was made of them", (int)report->counts.done);
    weir_report_free(report);
    return end_call(got);
}

/* One result of two items: both are in flight until the result is through. */
void scenario_batch_combines(void) {
    batches = 0;
    begin_pipeline((weir_pipeline_options){.max_items = 2});
    add_stage(
        (weir_stage_options){.name = "combine", .work.run_batch = combine, .batch = {.items = 2}, .input.capacity = 2});
    add_stage((weir_stage_options){.name = "last", .work.run = wait_at_end});
    start_pipeline();
    put_items(1, 2);
    finish_with(WEIR_OK, 2, 0, 0, 0);
    check_each_ended_once(2);
    sched_check(done[10] == 1, "the result came %d times", done[10]);
}

static int emit_and_count(weir_task *task, void *const *items, size_t count, void *arg) {
    (void)arg;
    begin_batch(task, items, count);
    weir_task_emit(task, item(10 * batches));
    return end_batch(items, count);
}

/* Batches of an ordered stage. */
void scenario_batch_ordered(void) {
    weir_queue *results = new_counting_queue(4);
    begin_batches((weir_pipeline_options){.max_items = 4}, (weir_stage_options){.work.run_batch = emit_and_count,
                                                                                .output.ordered = true,
                                                                                .batch = {.items = 2},
                                                                                .output.results = results});
    put_items(1, 3);
    finish_with(WEIR_OK, 3, 0, 0, 0);
    check_each_ended_once(3);
    check_results(results, (int[]){10, 20, 0});
}

/* The first batch emits a result, and then ends its thread. */
static int exit_in_batch(weir_task *task, void *const *items, size_t count, void *arg) {
    (void)arg;
    begin_batch(task, items, count);
    if (batches > 1)
        return end_batch(items, count);
    open_gate();
    weir_task_emit(task, item(10));
    sched_exit_thread();
}

void scenario_exit_in_batch(void) {
    weir_queue *results = new_counting_queue(1);
    begin_batches((weir_pipeline_options){.name = "batch"}, (weir_stage_options){.work.run_batch = exit_in_batch,
                                                                                 .threads.count = 2,
                                                                                 .batch = {.items = 2},
                                                                                 .errors.retry = {.attempts = 2},
                                                                                 .output.results = results});
    put_items(1, 2);
    wait_at_gate();
    put_if_open(item(3));
    finish_exited("batch", 2);
    check_each_ended_once(3);
    check_results(results, (int[]){10, 0});
}
