/*
 * pipeline_submit.c - scenarios of submitted items.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline_support.h"

enum { TICKET = 30 };

static int told[4];

static void settled(void *ticket, weir_outcome outcome) {
    sched_check(number(ticket) == TICKET, "ticket %d", number(ticket));
    told[outcome]++;
}

static void check_told(weir_outcome outcome) {
    for (int o = 0; o < 4; o++)
        sched_check(told[o] == (o == (int)outcome), "outcome %d is told %d times", o, told[o]);
}

static int emit_twice(weir_task *task, void *item, void *unused) {
    (void)unused;
    begin_call(item);
    weir_task_emit(task, item);
    weir_task_emit(task, item);
    return end_call(item);
}

/* The thread of each stage has a piece of the item. */
static void begin_submit(void) {
    for (int o = 0; o < 4; o++)
        told[o] = 0;
    begin_pipeline((weir_pipeline_options){.name = "submit", .settled = settled});
    add_stage((weir_stage_options){.name = "first", .work.run = emit_twice, .threads.count = 1});
    add_stage((weir_stage_options){.name = "second", .work.run = pass_on_run, .threads.count = 1, .input.capacity = 2});
    start_pipeline();
    must(weir_pipeline_submit(pipeline, item(1), item(TICKET)), WEIR_OK);
}

/* The pieces end in two threads; the last one tells, before the run is over. */
void scenario_submit_is_told_once(void) {
    begin_submit();
    must(weir_pipeline_finish(pipeline, WEIR_NEVER, NULL), WEIR_OK);
    check_told(WEIR_ITEM_DONE);
    finish_pipeline(WEIR_OK);
}

/* A cancel comes meanwhile. */
void scenario_submit_against_cancel(void) {
    begin_submit();
    int other = sched_spawn(cancel, NULL);
    weir_status status = weir_pipeline_finish(pipeline, WEIR_NEVER, NULL);
    check_told(dropped[1] > 0 ? WEIR_ITEM_DROPPED : WEIR_ITEM_DONE);
    sched_join(other);
    finish_pipeline(status);
}
