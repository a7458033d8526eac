/*
 * pipeline_pause.c - scenarios of pauses.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline_support.h"

static weir_stage *paused;

static int tell_gate(weir_task *task, void *got, void *arg) {
    (void)task;
    (void)arg;
    ran[number(got)]++;
    must(weir_queue_put(gate, got), WEIR_OK);
    return 0;
}

static void begin_pause(bool on_crew) {
    begin_pipeline((weir_pipeline_options){.name = "pauses"});
    paused = add_stage((weir_stage_options){.name = "only",
                                            .work.run = tell_gate,
                                            .threads.count = !on_crew,
                                            .threads.width = on_crew,
                                            .input.capacity = 2});
    start_pipeline();
}

static void resume_stage(void *unused) {
    (void)unused;
    must(weir_pipeline_resume(pipeline, paused), WEIR_OK);
}

static void pause_if_running(void *stage) {
    weir_status status = weir_pipeline_pause(pipeline, stage);
    sched_check(status == WEIR_OK || status == WEIR_CLOSED, "%s", weir_strerror(status));
}

/* No end resumes the stage here: a lost wakeup would leave the item. */
static void resume_beside(bool on_crew) {
    void *got;
    begin_pause(on_crew);
    must(weir_pipeline_pause(pipeline, paused), WEIR_OK);
    int other = sched_spawn(resume_stage, NULL);
    put_items(1, 1);
    must(weir_queue_get(gate, &got), WEIR_OK);
    sched_join(other);
    finish_with(WEIR_OK, 1, 0, 0, 0);
}

void scenario_resume_beside_put(void) {
    resume_beside(false);
}

void scenario_resume_beside_put_on_crew(void) {
    resume_beside(true);
}

/* A pause beside the end, of the stage or of the entrance, holds nothing up. */
void scenario_pause_against_drain(void) {
    bool entrance = sched_choose(2) == 1;
    begin_pause(false);
    put_items(1, 1);
    int other = sched_spawn(pause_if_running, entrance ? NULL : paused);
    finish_beside(other, WEIR_OK);
    finish_with(WEIR_OK, 1, 0, 0, 0);
}

void scenario_pause_against_cancel(void) {
    begin_pause(false);
    must(weir_pipeline_pause(pipeline, paused), WEIR_OK);
    put_items(1, 1);
    sched_join(sched_spawn(cancel, NULL));
    finish_pipeline(WEIR_CANCELLED);
}

static void put_one(void *unused) {
    (void)unused;
    put_items(1, 1);
}

/* A put that a paused entrance holds up goes on with the resume. */
void scenario_resume_of_entrance(void) {
    void *got;
    begin_pause(false);
    must(weir_pipeline_pause(pipeline, NULL), WEIR_OK);
    int other = sched_spawn(put_one, NULL);
    must(weir_pipeline_resume(pipeline, NULL), WEIR_OK);
    must(weir_queue_get(gate, &got), WEIR_OK);
    sched_join(other);
    finish_with(WEIR_OK, 1, 0, 0, 0);
}
