/*
 * pipeline_feed.c - scenarios of feedback, and of the wait until nothing is in flight.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline_support.h"

static weir_stage *first; /* what is fed */

/* Item 1 feeds item 2. */
static int feed_once(weir_task *task, void *got, void *arg) {
    (void)arg;
    begin_call(got);
    if (number(got) == 1)
        must(weir_task_feed(task, first, item(2)), WEIR_OK);
    return end_call(got);
}

/* Starts a loop of two stages. */
static void begin_loop(void) {
    begin_pipeline((weir_pipeline_options){.name = "loop"});
    first = add_stage((weir_stage_options){.name = "first", .work.run = pass_on_run});
    weir_stage *last = add_stage((weir_stage_options){.name = "last", .work.run = feed_once});
    must(weir_pipeline_connect_back(pipeline, last, first), WEIR_OK);
    start_pipeline();
}

/* The first stage is drained after what the last one feeds to it has come. */
void scenario_feed_against_drain(void) {
    begin_loop();
    put_items(1, 1);
    finish_with(WEIR_OK, 2, 0, 0, 0);
    sched_check(done[1] == 2 && done[2] == 2, "%d and %d calls", done[1], done[2]);
}

/* The wait returns when both items have passed both stages; no wakeup is lost. */
void scenario_idle_after_the_last(void) {
    begin_loop();
    put_items(1, 1);
    must(weir_pipeline_wait_idle(pipeline, WEIR_NEVER), WEIR_OK);
    sched_check(done[1] == 2 && done[2] == 2, "%d and %d calls", done[1], done[2]);
    finish_with(WEIR_OK, 2, 0, 0, 0);
}

/* A stage feeds itself beside a cancel: each item is done or dropped. */
void scenario_feed_against_cancel(void) {
    begin_pipeline((weir_pipeline_options){.name = "cancelled"});
    first = NULL;
    add_stage((weir_stage_options){.name = "only", .work.run = feed_once});
    start_pipeline();
    put_items(1, 1);
    int other = sched_spawn(cancel, NULL);
    sched_join(other);
    finish_pipeline(WEIR_CANCELLED);
    sched_check(ran[2] + dropped[2] == ran[1], "item 2 ended %d times", ran[2] + dropped[2]);
    sched_check(ran[1] + dropped[1] == 1, "item 1 ended %d times", ran[1] + dropped[1]);
}
