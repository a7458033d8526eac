/*
 * pipeline_limits.c - scenarios of limits on what is in flight in a pipeline.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline_support.h"

static int pieces; /* number of pieces that are through */

static int make_two_pieces(weir_task *task, void *got, void *arg) {
    (void)arg;
    begin_call(got);
    sched_check(pieces == 2 * (number(got) - 1), "it is admitted after %d pieces", pieces);
    weir_task_emit(task, got);
    weir_task_emit(task, got);
    return end_call(got);
}

static void *count_piece(void *got, void *arg) {
    (void)arg;
    pieces++;
    return got;
}

/* With a limit of one item, the second is admitted once both pieces of the first are through. */
void scenario_limit_counts_pieces(void) {
    pieces = 0;
    begin_pipeline((weir_pipeline_options){.max_items = 1});
    add_stage((weir_stage_options){.name = "split", .work.run = make_two_pieces});
    add_stage((weir_stage_options){.name = "count", .work.func = count_piece});
    start_pipeline();
    put_items(1, 2);
    finish_with(WEIR_OK, 2, 0, 0, 0);
    sched_check(pieces == 4, "%d pieces", pieces);
}

/* ---- in line ---- */

static uint64_t weigh(const void *got, void *arg) {
    (void)arg;
    return (uint64_t)number(got);
}

static void *wait_if_second(void *got, void *arg) {
    (void)arg;
    begin_call(got);
    if (number(got) == 2)
        wait_at_gate();
    if (number(got) == 5) {
        weir_report *report;
        must(weir_pipeline_report(pipeline, &report), WEIR_OK);
        sched_check(report->bytes == 5, "the heavy one is inside with %d bytes", (int)report->bytes);
        weir_report_free(report);
    }
    (void)end_call(got);
    return got;
}

static void begin_budget(uint64_t bytes) {
    begin_pipeline((weir_pipeline_options){.max_bytes = bytes, .weigh = weigh});
    add_stage((weir_stage_options){.name = "weigh", .work.func = wait_if_second, .input.capacity = 4});
    start_pipeline();
}

static void put_item(void *got) {
    must(weir_pipeline_put(pipeline, got), WEIR_OK);
}

/* An item over the limit is admitted alone, and the light ones behind it come after it. */
void scenario_heavy_passes_alone(void) {
    begin_budget(3);
    put_items(2, 1);
    int heavy = sched_spawn(put_item, item(5));
    open_gate();
    put_items(1, 1);
    sched_join(heavy);
    finish_with(WEIR_OK, 3, 0, 0, 0);
}

static void put_for_a_moment(void *got) {
    weir_status status = weir_pipeline_put_until(pipeline, got, weir_deadline_after(100));
    if (status != WEIR_OK) {
        must(status, WEIR_TIMEDOUT);
        dropped[number(got)]++;
    }
}

/* A put that waited for room gives up. Then there is room for the one behind it, although no item leaves. */
void scenario_light_behind_heavy(void) {
    begin_budget(3);
    put_items(2, 1);
    int heavy = sched_spawn(put_for_a_moment, item(3)), light = sched_spawn(put_item, item(1));
    sched_join(light);
    sched_join(heavy);
    open_gate();
    finish_pipeline(WEIR_OK);
    check_each_ended_once(3);
}

/* ---- sources ---- */

static int produced;

static int produce_two(weir_task *task, void *none, void *arg) {
    (void)none;
    (void)arg;
    weir_task_emit(task, item(++produced));
    return produced < 2 ? 0 : WEIR_END;
}

/* A source waits for the limit as a put does. */
void scenario_source_within_limit(void) {
    weir_queue *results = new_counting_queue(2);
    produced = 0;
    begin_pipeline((weir_pipeline_options){.max_items = 1});
    add_stage((weir_stage_options){.name = "produce", .work.source = produce_two});
    add_stage((weir_stage_options){.name = "pass", .work.func = pass_on, .output.results = results});
    start_pipeline();
    must(weir_pipeline_wait(pipeline, WEIR_NEVER), WEIR_OK);
    finish_with(WEIR_OK, 2, 0, 0, 0);
    check_results(results, (int[]){1, 2, 0});
}

/* A put waits for the limit when the run is cancelled. */
void scenario_cancel_against_limit(void) {
    begin_pipeline((weir_pipeline_options){.max_items = 1});
    add_stage((weir_stage_options){.name = "wait", .work.func = wait_if_second});
    start_pipeline();
    put_items(2, 1);
    int other = sched_spawn(put_if_open, item(1));
    cancel(NULL);
    open_gate();
    sched_join(other);
    finish_pipeline(WEIR_CANCELLED);
    check_each_ended_once(2);
}

/* Every put in line is woken, not only the first. */
void scenario_cancel_against_two_at_limit(void) {
    begin_pipeline((weir_pipeline_options){.max_items = 1});
    add_stage((weir_stage_options){.name = "wait", .work.func = wait_if_second});
    start_pipeline();
    put_items(2, 1);
    int first = sched_spawn(put_if_open, item(1)), second = sched_spawn(put_if_open, item(3));
    sched_settle();
    cancel(NULL);
    sched_join(first);
    sched_join(second); /* while the limit is still reached */
    open_gate();
    finish_pipeline(WEIR_CANCELLED);
    check_each_ended_once(3);
}

static void put_several(void *unused) {
    (void)unused;
    void *items[] = {item(1), item(2), item(3)};
    size_t put;
    weir_status status = weir_pipeline_put_many(pipeline, items, 3, &put);
    sched_check(status == WEIR_OK ? put == 3 : status == WEIR_CLOSED && put < 3, "%d with %d", (int)status, (int)put);
    for (size_t i = put; i < 3; i++)
        dropped[i + 1]++;
}

/* Some items of one call are admitted, others are refused. */
void scenario_cancel_against_several(void) {
    begin_pipeline((weir_pipeline_options){.max_items = 2});
    add_stage((weir_stage_options){.name = "pass", .work.func = pass_on});
    start_pipeline();
    int several = sched_spawn(put_several, NULL);
    cancel(NULL);
    sched_join(several);
    finish_pipeline(WEIR_CANCELLED);
    check_each_ended_once(3);
}
