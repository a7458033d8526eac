/*
 * pipeline_report.c - scenarios of reports made while functions run. All times are the scheduler's.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline_support.h"
#include "sync/sync.h"

enum { ALLOWED = 10, LONG = 100 };

static void sleep_for(uint64_t time) {
    weir__u32 word = {0};
    uint64_t deadline = weir_deadline_after(time);
    while (weir__futex_wait(&word, 0, deadline)) /* no call that counts as blocked */
        ;
}

static uint64_t overdue_in_first(void) {
    weir_report *report;
    must(weir_pipeline_report(pipeline, &report), WEIR_OK);
    uint64_t overdue = report->stages[0].overdue;
    weir_report_free(report);
    return overdue;
}

static void finish_and_check_overdue(uint64_t expected) {
    must(weir_pipeline_finish(pipeline, WEIR_NEVER, NULL), WEIR_OK);
    uint64_t overdue = overdue_in_first();
    sched_check(overdue == expected, "%d attempts were overdue", (int)overdue);
    finish_pipeline(WEIR_OK);
}

static int take_long(weir_task *task, void *got, void *arg) {
    (void)task;
    (void)arg;
    begin_call(got);
    sleep_for(LONG);
    return end_call(got);
}

/* An attempt that was overdue while it ran stays overdue at each moment of its end. */
void scenario_overdue_does_not_fall(void) {
    begin_pipeline((weir_pipeline_options){.name = "overdue"});
    add_stage((weir_stage_options){.name = "long", .work.run = take_long, .errors.attempt_time = ALLOWED});
    start_pipeline();
    put_items(1, 1);
    sleep_for(LONG - 1);
    uint64_t before = overdue_in_first();
    sleep_for(1);
    uint64_t after = overdue_in_first();
    sched_check(before <= after, "it fell from %d to %d", (int)before, (int)after);
    finish_and_check_overdue(1);
}

static int emit_and_tell(weir_task *task, void *got, void *arg) {
    (void)arg;
    begin_call(got);
    for (int i = 11; i <= 13; i++)
        weir_task_emit(task, item(i));
    open_gate();
    sleep_for(ALLOWED);
    return end_call(got);
}

/* The function waits for room longer than an attempt may take. That does not make it overdue, then or later. */
void scenario_wait_is_not_overdue(void) {
    begin_pipeline((weir_pipeline_options){.name = "waits"});
    add_stage((weir_stage_options){.name = "emit", .work.run = emit_and_tell, .errors.attempt_time = ALLOWED});
    add_stage((weir_stage_options){.name = "long", .work.run = take_long});
    start_pipeline();
    sched_calm(true); /* the times must be exactly these */
    uint64_t begun = sched_now();
    put_items(1, 1);
    wait_at_gate();
    sched_check(sched_now() >= begun + LONG, "it has not waited");
    sched_check(overdue_in_first() == 0, "it is overdue");
    finish_and_check_overdue(0);
}
