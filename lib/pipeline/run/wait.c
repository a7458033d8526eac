/*
 * wait.c - Waits for the sources, or until nothing is in flight: weir_pipeline_wait and weir_pipeline_wait_idle.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "closable_queue/settle.h"
#include "pipeline/run/idle.h"
#include "pipeline/state/phase.h"
#include "pipeline/state/refuse.h"

/*
 * Returns the status of a wait once no source is called any more. The flags are read with the lock held under which an
 * end begins. So all waiters get the same answer, however soon the sources have returned.
 */
static weir_status why_sources_ended(weir_pipeline *pipeline) {
    weir__lock_acquire(&pipeline->lock);
    bool by_themselves = !weir__is_ending(pipeline) || pipeline->sources_ended;
    bool cancelled = weir__is_cancelled(pipeline);
    weir__lock_release(&pipeline->lock);
    if (cancelled)
        return WEIR_CANCELLED;
    return by_themselves ? WEIR_OK : WEIR_CLOSED;
}

static weir_status wait_for_sources(weir_pipeline *pipeline, weir_deadline deadline) {
    for (weir_stage *stage = pipeline->first; stage != NULL; stage = stage->next) {
        if (!weir__stage_is_source(stage))
            continue;
        weir_status status = weir__queue_join_unless(stage->queue, &pipeline->ending, deadline);
        if (status == WEIR_TIMEDOUT)
            return status;
        if (status == WEIR_CANCELLED)
            break;
    }
    return why_sources_ended(pipeline);
}

weir_status weir_pipeline_wait(weir_pipeline *pipeline, weir_deadline deadline) {
    if (pipeline == NULL || !weir__has_started(pipeline))
        return weir__refuse_unstarted(pipeline, "wait");
    return weir__is_inside(pipeline) ? weir__refuse_inside(pipeline, "wait") : wait_for_sources(pipeline, deadline);
}

/* A source is idle once it has ended: each of its threads has returned its permit. */
static weir_status wait_until_idle(weir_pipeline *pipeline, weir_deadline deadline) {
    weir_status status = weir__idle_await(pipeline->order, pipeline->stage_count, false, &pipeline->ending, deadline);
    if (status == WEIR_OK || status == WEIR_TIMEDOUT)
        return status == WEIR_OK ? why_sources_ended(pipeline) : status;
    return weir__is_cancelled(pipeline) ? WEIR_CANCELLED : WEIR_CLOSED;
}

weir_status weir_pipeline_wait_idle(weir_pipeline *pipeline, weir_deadline deadline) {
    if (pipeline == NULL || !weir__has_started(pipeline))
        return weir__refuse_unstarted(pipeline, "wait_idle");
    return weir__is_inside(pipeline) ? weir__refuse_inside(pipeline, "wait_idle") : wait_until_idle(pipeline, deadline);
}
