/*
 * drain.c - Drains a pipeline.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/drain.h"

#include "closable_queue/settle.h"
#include "closable_queue/shutdown.h"
#include "pipeline/crew_wait.h"
#include "pipeline/elastic.h"
#include "pipeline/pause.h"
#include "pipeline/phase.h"
#include "pipeline/refuse.h"

/* If the stage is a source, wakes its workers and the threads that wait for it. */
static void wake_source(weir_stage *stage) {
    if (!weir__stage_is_source(stage))
        return;
    weir__pause_wake(stage);
    weir__queue_wake_joiners(stage->queue);
    weir__crew_look(stage);
}

void weir__drain_begin(weir_pipeline *pipeline) {
    weir__phase_drain(pipeline);
    weir__admission_close(&pipeline->flight.admission, false);
    for (weir_stage *stage = pipeline->first; stage != NULL; stage = stage->next)
        wake_source(stage);
    if (pipeline->entrance != NULL)
        weir__queue_seal(pipeline->entrance->queue);
}

/* Blocks until the threads of a stage that is shut down have emitted their last results (at_end.h). */
static weir_status await_results(weir_stage *stage, weir_deadline deadline) {
    if (stage->options.at_end == NULL)
        return WEIR_OK;
    weir_status status = weir__phase_await_stage(stage, deadline);
    return status != WEIR_OK && weir__is_cancelled(stage->pipeline) ? WEIR_CANCELLED : status;
}

/* Drains a stage. Its predecessors must be drained. */
static weir_status drain_stage(weir_stage *stage, weir_deadline deadline) {
    weir_pipeline *pipeline = stage->pipeline;
    if (weir__stage_gathers(stage))
        weir__batch_end(&stage->batch, weir__queue_tail(stage->queue));
    weir_status status = weir__queue_join_unless(stage->queue, &pipeline->hurried, deadline);
    if (status != WEIR_TIMEDOUT && weir__is_cancelled(pipeline))
        return WEIR_CANCELLED;
    if (status == WEIR_TIMEDOUT || status == WEIR_CANCELLED)
        return WEIR_TIMEDOUT;
    weir__elastic_end(stage);
    weir__u32_store_release(&stage->closing, 1);
    (void)weir_queue_shutdown(stage->queue, WEIR_DRAIN);
    weir__crew_look(stage);
    return await_results(stage, deadline);
}

weir_status weir__drain(weir_pipeline *pipeline, weir_deadline deadline) {
    weir_status status = WEIR_OK;
    for (size_t i = 0; i < pipeline->stage_count && status == WEIR_OK; i++)
        status = drain_stage(pipeline->order[i], deadline);
    return status;
}

void weir__drain_interrupt(weir_pipeline *pipeline) {
    for (weir_stage *stage = pipeline->first; stage != NULL; stage = stage->next)
        weir__queue_wake_joiners(stage->queue);
}
