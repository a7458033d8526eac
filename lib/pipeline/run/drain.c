/*
 * drain.c - Drains a pipeline.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/run/drain.h"

#include "closable_queue/settle.h"
#include "closable_queue/shutdown.h"
#include "pipeline/observe/elastic.h"
#include "pipeline/run/idle.h"
#include "pipeline/state/crew_wait.h"
#include "pipeline/state/phase.h"
#include "pipeline/state/refuse.h"
#include "pipeline/waits/gate.h"
#include "pipeline/waits/pause.h"

/* Wakes the threads that wait for the stage. If it is a source, wakes its workers too. */
static void wake(weir_stage *stage) {
    weir__queue_wake_joiners(stage->queue);
    if (!weir__stage_is_source(stage))
        return;
    weir__pause_wake(stage);
    weir__crew_look(stage);
}

void weir__drain_begin(weir_pipeline *pipeline) {
    weir__phase_drain(pipeline);
    weir__admission_close(&pipeline->flight.admission, false);
    for (weir_stage *stage = pipeline->first; stage != NULL; stage = stage->next)
        wake(stage);
    if (pipeline->entrance != NULL)
        weir__queue_seal(pipeline->entrance->queue);
    weir__gate_resume_all(pipeline); /* last: puts that a pause has held up fail */
}

/* Blocks until the threads of a stage that is shut down have emitted their last results (at_end.h). */
static weir_status await_results(weir_stage *stage, weir_deadline deadline) {
    if (stage->options.work.at_end == NULL)
        return WEIR_OK;
    weir_status status = weir__phase_await_stage(stage, deadline);
    return status != WEIR_OK && weir__is_cancelled(stage->pipeline) ? WEIR_CANCELLED : status;
}

/* Blocks until `count` stages, which follow each other in topological order, are idle at the same time. */
static weir_status await_idle(weir_stage *const *stages, size_t count, weir_deadline deadline) {
    const weir_pipeline *pipeline = stages[0]->pipeline;
    weir_status status = weir__idle_await(stages, count, true, &pipeline->hurried, deadline);
    if (status != WEIR_TIMEDOUT && weir__is_cancelled(pipeline))
        return WEIR_CANCELLED;
    return status == WEIR_CANCELLED ? WEIR_TIMEDOUT : status;
}

/* Ends the input of a stage. Its predecessors must be drained. The stage and its feeders must be idle (S6). */
static weir_status end_stage(weir_stage *stage, weir_deadline deadline) {
    weir__elastic_end(stage);
    weir__u32_store_release(&stage->closing, 1);
    (void)weir_queue_shutdown(stage->queue, WEIR_DRAIN);
    weir__crew_look(stage);
    return await_results(stage, deadline);
}

weir_status weir__drain(weir_pipeline *pipeline, weir_deadline deadline) {
    weir_status status = WEIR_OK;
    size_t end = 0; /* index after the last stage of the present loop of stages (weir_pipeline_connect_back) */
    for (size_t i = 0; i < pipeline->stage_count && status == WEIR_OK; i++) {
        weir_stage *const *stages = &pipeline->order[i];
        if (end <= i)
            end = i + (stages[0]->loop > 1 ? stages[0]->loop : 1);
        status = await_idle(stages, end - i, deadline); /* each time: an at_end in the loop may have emitted */
        if (status == WEIR_OK)
            status = end_stage(stages[0], deadline);
    }
    return status;
}

void weir__drain_interrupt(weir_pipeline *pipeline) {
    for (weir_stage *stage = pipeline->first; stage != NULL; stage = stage->next)
        weir__queue_wake_joiners(stage->queue);
}
