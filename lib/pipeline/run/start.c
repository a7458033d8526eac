/*
 * start.c - Starts pipelines.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/declare/graph.h"
#include "pipeline/declare/outputs.h"
#include "pipeline/observe/trace.h"
#include "pipeline/outcome/cancel.h"
#include "pipeline/run/join.h"
#include "pipeline/state/phase.h"
#include "pipeline/state/refuse.h"
#include "pipeline/waits/own_tell.h"
#include "pipeline/waits/pending.h"
#include "pipeline/workers/lanes.h"

static bool needs_timers(const weir_pipeline *pipeline) {
    for (const weir_stage *stage = pipeline->first; stage != NULL; stage = stage->next) {
        if (weir__stage_is_elastic(stage) || stage->options.limits.key_rate > 0)
            return true;
        if (!weir__stage_is_source(stage) && (weir__stage_backs_off(stage) || stage->options.batch.wait != 0))
            return true;
        if (stage->options.work.abort != NULL && stage->options.errors.attempt_time != 0)
            return true;
        if (stage->options.errors.stall_time != 0)
            return true;
    }
    return false;
}

static weir_status prepare_stages(weir_pipeline *pipeline) {
    weir_status status = weir__pending_prepare(pipeline);
    for (weir_stage *stage = pipeline->first; status == WEIR_OK && stage != NULL; stage = stage->next)
        status = weir__stage_prepare(stage);
    return status;
}

/*
 * Starts the timer thread, if needed, and then the stages from the last to the first. So each stage that gets a result
 * has its workers.
 */
static weir_status start_stages(weir_pipeline *pipeline) {
    weir_status status = WEIR_OK;
    if (needs_timers(pipeline) && !weir__timers_start(&pipeline->timers))
        return weir__refuse(pipeline, WEIR_NOTHREAD, NULL,
                            "start: cannot create the timer thread, which retry, batch.wait, key_rate, abort, "
                            "stall_time and threads.max "
                            "need");
    for (size_t i = pipeline->stage_count; status == WEIR_OK && i-- > 0;)
        status = weir__stage_start(pipeline->order[i]);
    return status;
}

static weir_status launch(weir_pipeline *pipeline) {
    weir_status status = prepare_stages(pipeline);
    if (status != WEIR_OK)
        return status;
    weir__phase_run(pipeline);
    weir__trace_begin(pipeline);
    return start_stages(pipeline);
}

/* Ends the threads that a failed start has created. */
static void undo(weir_pipeline *pipeline) {
    weir__outputs_leave(pipeline, false); /* before the cancel: this was no run */
    weir__u32_store_release(&pipeline->undone, 1);
    weir__cancel_as(pipeline, WEIR_CANCELLED);
    for (weir_stage *stage = pipeline->first; stage != NULL; stage = stage->next)
        weir__own_tell(stage); /* the run may have been cancelled before */
    weir__join_all(pipeline);
    if (pipeline->started != 0)
        weir__trace_end(pipeline);
    weir__phase_undo(pipeline);
}

static weir_status start(weir_pipeline *pipeline) {
    weir_status status = weir__graph_check(pipeline);
    if (status != WEIR_OK)
        return weir__refuse_for_good(pipeline, status);
    status = launch(pipeline);
    if (status == WEIR_OK) {
        weir__phase_launched(pipeline);
        return WEIR_OK;
    }
    weir__note why = *weir__note_of_thread(); /* undo calls drop functions, which may be refused calls */
    undo(pipeline);
    *weir__note_of_thread() = why;
    return weir__refuse_for_good(pipeline, status);
}

weir_status weir_pipeline_start(weir_pipeline *pipeline) {
    if (pipeline == NULL)
        return weir__refuse_null("start");
    if (weir__has_started(pipeline))
        return weir__refuse(pipeline, WEIR_INVALID, NULL, "start: the pipeline is already started");
    weir_status status = pipeline->refused;
    if (status != WEIR_OK)
        (void)weir__refuse(pipeline, status, NULL, "%s", pipeline->message);
    else
        status = start(pipeline);
    if (status != WEIR_OK)
        weir__phase_set_outcome(pipeline, status); /* for reports */
    return status;
}
