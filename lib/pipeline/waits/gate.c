/*
 * gate.c - Pauses and resumes stages, and the entrance of a pipeline.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/waits/gate.h"

#include "closable_queue/shutdown.h"
#include "pipeline/observe/elastic.h"
#include "pipeline/state/crew_wait.h"
#include "pipeline/state/refuse.h"
#include "pipeline/waits/pause.h"

static void shut_locked(weir__pausing *gate) {
    if (weir__u32_load_relaxed(&gate->paused) != 0)
        return;
    weir__stopwatch_start(&gate->passed, weir__clock_now());
    weir__u32_store_release(&gate->paused, 1);
}

/* Returns whether it was shut. */
static bool open_locked(weir__pausing *gate) {
    if (weir__u32_load_relaxed(&gate->paused) == 0)
        return false;
    weir__u32_store_release(&gate->paused, 0);
    weir__stopwatch_stop(&gate->passed, weir__clock_now());
    return true;
}

/* U4. Holds the entry queue, or lets go of it. */
static void hold_entrance_locked(weir_pipeline *pipeline, bool held) {
    if (pipeline->entrance != NULL)
        weir__queue_hold(pipeline->entrance->queue, held);
}

/* Resumes the stage, and wakes what waits for that. */
static void resume_stage(weir_stage *stage) {
    weir_pipeline *pipeline = stage->pipeline;
    weir__lock_acquire(&pipeline->lock);
    bool opened = open_locked(&stage->gate);
    weir__lock_release(&pipeline->lock);
    if (!opened)
        return;
    weir__pause_wake(stage);
    weir__crew_look(stage);
    if (weir__stage_is_elastic(stage))
        weir__elastic_stir(stage);
}

static void resume_entrance(weir_pipeline *pipeline) {
    weir__lock_acquire(&pipeline->lock);
    bool opened = open_locked(&pipeline->entry);
    if (opened)
        hold_entrance_locked(pipeline, false);
    weir__lock_release(&pipeline->lock);
    for (weir_stage *stage = pipeline->first; opened && stage != NULL; stage = stage->next) {
        if (weir__stage_is_source(stage))
            weir__pause_wake(stage);
    }
}

void weir__gate_resume_all(weir_pipeline *pipeline) {
    resume_entrance(pipeline);
    for (weir_stage *stage = pipeline->first; stage != NULL; stage = stage->next)
        resume_stage(stage);
}

weir_status weir_pipeline_pause(weir_pipeline *pipeline, weir_stage *stage) {
    weir_status status = weir__refuse_unless_started(pipeline, stage, "pause");
    if (status != WEIR_OK)
        return status;
    weir__lock_acquire(&pipeline->lock);
    bool running = pipeline->state == WEIR_RUN_RUNNING; /* U1 */
    if (running)
        shut_locked(stage != NULL ? &stage->gate : &pipeline->entry);
    if (running && stage == NULL)
        hold_entrance_locked(pipeline, true);
    weir__lock_release(&pipeline->lock);
    return running ? WEIR_OK : weir__refuse_ended(pipeline, "pause");
}

weir_status weir_pipeline_resume(weir_pipeline *pipeline, weir_stage *stage) {
    weir_status status = weir__refuse_unless_started(pipeline, stage, "resume");
    if (status != WEIR_OK)
        return status;
    if (stage != NULL)
        resume_stage(stage);
    else
        resume_entrance(pipeline);
    return WEIR_OK;
}
