/*
 * pipeline_limits.c - scenarios of how much may be in a pipeline at once.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/limits.h"
#include "pipeline_support.h"

static int pieces; /* that are through */

static int make_two_pieces(weir_task *task, void *got, void *arg) {
    (void)arg;
    begin_call(got);
    sched_check(pieces == 2 * (number(got) - 1), "it is let in after %d pieces", pieces);
    weir_task_emit(task, got);
    weir_task_emit(task, got);
    return end_call(got);
}

static void *count_piece(void *got, void *arg) {
    (void)arg;
    pieces++;
    return got;
}

/* With one place in the pipeline, the second item comes in when both pieces of the first are through. */
void scenario_limit_counts_pieces(void) {
    pieces = 0;
    begin_pipeline((weir_pipeline_options){.max_items = 1});
    add_stage((weir_stage_options){.name = "split", .run = make_two_pieces});
    add_stage((weir_stage_options){.name = "count", .func = count_piece});
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
    add_stage((weir_stage_options){.name = "weigh", .func = wait_if_second, .capacity = 4});
    start_pipeline();
}

static void put_item(void *got) {
    must(weir_pipeline_put(pipeline, got), WEIR_OK);
}

/* Heavier than all that may be inside: it is alone there, and the light ones behind it come after it. */
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

/* One that waited for room gives up, and there is room for the one behind it: nobody has to leave for that. */
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

/* A source waits for the limit like everybody. */
void scenario_source_within_limit(void) {
    weir_queue *results = new_counting_queue(2);
    produced = 0;
    begin_pipeline((weir_pipeline_options){.max_items = 1});
    add_stage((weir_stage_options){.name = "produce", .source = produce_two});
    add_stage((weir_stage_options){.name = "pass", .func = pass_on, .results = results});
    start_pipeline();
    must(weir_pipeline_wait(pipeline, WEIR_NEVER), WEIR_OK);
    finish_with(WEIR_OK, 2, 0, 0, 0);
    check_results(results, (int[]){1, 2, 0});
}

/* A put waits for the limit when the run is cancelled. */
void scenario_cancel_against_limit(void) {
    begin_pipeline((weir_pipeline_options){.max_items = 1});
    add_stage((weir_stage_options){.name = "wait", .func = wait_if_second});
    start_pipeline();
    put_items(2, 1);
    int other = sched_spawn(put_if_open, item(1));
    cancel(NULL);
    open_gate();
    sched_join(other);
    finish_pipeline(WEIR_CANCELLED);
    check_each_ended_once(2);
}

/* Each of those in line is woken, not the first alone. */
void scenario_cancel_against_two_at_limit(void) {
    begin_pipeline((weir_pipeline_options){.max_items = 1});
    add_stage((weir_stage_options){.name = "wait", .func = wait_if_second});
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

/* What of several is let in together, and what is not. */
void scenario_cancel_against_several(void) {
    begin_pipeline((weir_pipeline_options){.max_items = 2});
    add_stage((weir_stage_options){.name = "pass", .func = pass_on});
    start_pipeline();
    int several = sched_spawn(put_several, NULL);
    cancel(NULL);
    sched_join(several);
    finish_pipeline(WEIR_CANCELLED);
    check_each_ended_once(3);
}

/* ---- holding back ---- */

/* All but the last two have one key, so that they wait, and nobody with them, for the first one, which waits. */
static uint64_t key_of_most(const void *got, void *arg) {
    (void)arg;
    return number(got) < 7 ? 0 : (uint64_t)number(got);
}

static void *wait_in_first_and_eighth(void *got, void *arg) {
    (void)arg;
    begin_call(got);
    if (number(got) == 1 || number(got) == 8)
        wait_at_gate();
    (void)end_call(got);
    return got;
}

/* The seventh leaves, and its room is not a quarter: but there is nothing to do for the third worker. */
void scenario_limit_holds_nobody_back_from_idle(void) {
    begin_pipeline((weir_pipeline_options){.max_items = 8});
    add_stage((weir_stage_options){.name = "keys",
                                   .func = wait_in_first_and_eighth,
                                   .threads = 3,
                                   .capacity = 8,
                                   .key = key_of_most,
                                   .per_key = 1});
    start_pipeline();
    put_items(1, 8);
    put_items(9, 1); /* waits for the limit */
    open_gate();
    open_gate();
    finish_with(WEIR_OK, 9, 0, 0, 0);
    check_each_ended_once(9);
}

/* The same without a pipeline: one leaves while another takes the last item. */
static weir__limits limits;
static weir_queue *entrance;

static void enter_as_the_ninth(void *unused) {
    (void)unused;
    must(weir__limits_enter(&limits, 0, true, WEIR_NEVER), WEIR_OK);
}

static void leave_as_the_first(void *unused) {
    (void)unused;
    weir__limits_leave(&limits, (weir__load){.items = 1});
}

void scenario_limit_against_the_last_item(void) {
    entrance = new_queue(1);
    limits = (weir__limits){.max_items = 8, .max_bytes = UINT64_MAX, .entrances = &entrance, .entrance_count = 1};
    for (int i = 1; i <= 8; i++)
        must(weir__limits_enter(&limits, 0, true, 0), WEIR_OK);
    must(weir_queue_put(entrance, item(8)), WEIR_OK);
    int ninth = sched_spawn(enter_as_the_ninth, NULL), first = sched_spawn(leave_as_the_first, NULL);
    (void)get_number(entrance);
    must(weir_queue_task_done(entrance), WEIR_OK);
    weir__limits_look(&limits);
    sched_join(first);
    sched_join(ninth);
    sched_check(weir__limits_inside(&limits).items == 8, "%d are inside", (int)weir__limits_inside(&limits).items);
    must(weir_queue_destroy(entrance), WEIR_OK);
}
