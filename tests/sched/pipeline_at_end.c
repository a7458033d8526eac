/*
 * pipeline_at_end.c - scenarios of stages with at_end.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline_support.h"

enum { FIRST = 10, LAST = 20 }; /* items of the calls of at_end: FIRST and the next, LAST */

static int ends; /* calls of at_end of the first stage */

static int emit_at_end(weir_task *task, void *arg) {
    (void)arg;
    weir_task_emit(task, item(FIRST + ends++));
    return 0;
}

/* By now every result of the first stage has come. */
static int check_at_end(weir_task *task, void *threads) {
    (void)task;
    int wanted = number(threads), come = ran[FIRST] + ran[FIRST + 1];
    sched_check(ends == wanted && come == wanted, "%d of %d calls, and %d results", ends, wanted, come);
    ran[LAST]++;
    return 0;
}

static void begin_at_end(int threads) {
    ends = 0;
    begin_pipeline((weir_pipeline_options){.name = "ends"});
    add_stage((weir_stage_options){.name = "first",
                                   .work.run = pass_on_run,
                                   .work.at_end = emit_at_end,
                                   .threads.count = (size_t)threads,
                                   .input.capacity = 2});
    add_stage((weir_stage_options){
        .name = "last", .work.func = pass_on, .work.arg = item(threads), .work.at_end = check_at_end});
    start_pipeline();
}

/* The last stage is drained after the results of at_end have come. */
void scenario_at_end_comes_last(void) {
    begin_at_end(1);
    put_items(1, 2);
    finish_with(WEIR_OK, 3, 0, 0, 0);
    sched_check(ran[LAST] == 1, "%d ends", ran[LAST]);
}

void scenario_at_end_of_two_threads(void) {
    begin_at_end(2);
    put_items(1, 1);
    finish_with(WEIR_OK, 3, 0, 0, 0);
    sched_check(ran[LAST] == 1, "%d ends", ran[LAST]);
}

static int wait_at_end(weir_task *task, void *arg) {
    (void)arg;
    ends++;
    while (!weir_task_cancelled(task))
        (void)weir_queue_get_until(gate, &(void *){NULL}, weir_deadline_after(1000));
    return 0;
}

static void finish_soon(void *unused) {
    (void)unused;
    weir_status status = weir_pipeline_finish(pipeline, weir_deadline_after(100), NULL);
    sched_check(status == WEIR_OK || status == WEIR_TIMEDOUT, "%s", weir_strerror(status));
}

/* A call of at_end takes long. A cancel, or an earlier deadline, ends the wait of a finish without one. */
void scenario_at_end_hurried(void) {
    bool cancels = sched_choose(2) == 1;
    ends = 0;
    begin_pipeline((weir_pipeline_options){.name = "hurried"});
    add_stage((weir_stage_options){.name = "only", .work.run = pass_on_run, .work.at_end = wait_at_end});
    start_pipeline();
    int other = sched_spawn(cancels ? cancel : finish_soon, NULL);
    weir_status status = weir_pipeline_finish(pipeline, WEIR_NEVER, NULL);
    sched_join(other);
    sched_check(cancels ? status == WEIR_CANCELLED : status == WEIR_OK || status == WEIR_TIMEDOUT, "%s",
                weir_strerror(status));
    sched_check(status != WEIR_OK || ends == 1, "a success without a call");
    finish_pipeline(status);
}

/* A cancel comes while at_end emits, or before: nothing is lost. */
void scenario_at_end_against_cancel(void) {
    begin_at_end(1);
    put_items(1, 1);
    int other = sched_spawn(cancel, NULL);
    weir_status status = weir_pipeline_finish(pipeline, WEIR_NEVER, NULL);
    sched_join(other);
    finish_pipeline(status);
    sched_check(ran[FIRST] + dropped[FIRST] >= ends && ends <= 1, "the result of at_end is lost");
}
