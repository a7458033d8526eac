/*
 * descriptors.c - Creates the descriptors that tell functions to return.
 *
 * A pipeline has two events. An event gets its descriptor on the first request. Both events are guarded by the
 * pipeline's lock, and the flags `cancelled` and `ending` are set with that lock held. So a descriptor created after
 * its flag is set is readable at once.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/state/callback.h"
#include "pipeline/state/pipeline.h"

static int descriptor_of(weir_pipeline *pipeline, weir__event *event) {
    weir__lock_acquire(&pipeline->lock);
    int descriptor = weir__event_descriptor(event);
    weir__lock_release(&pipeline->lock);
    return descriptor;
}

/* Whether the calling thread is a worker of a source of the pipeline. */
static bool is_source_of(const weir_pipeline *pipeline) {
    const weir__visit *visit = weir__visit_find(pipeline);
    return visit != NULL && visit->lane != NULL && weir__stage_is_source(visit->lane->stage);
}

/*
 * The cast is safe: the pipeline was allocated, so the object itself is not const. Creating a descriptor changes
 * nothing that the caller can observe.
 */
int weir_pipeline_cancel_fd(const weir_pipeline *constant) {
    weir_pipeline *pipeline = (weir_pipeline *)(uintptr_t)constant;
    if (pipeline == NULL)
        return -1;
    return descriptor_of(pipeline, is_source_of(pipeline) ? &pipeline->end_event : &pipeline->cancel_event);
}

int weir_task_stop_fd(weir_task *task) {
    if (task == NULL)
        return -1;
    weir_pipeline *pipeline = task->stage->pipeline;
    bool source = weir__stage_is_source(task->stage);
    return descriptor_of(pipeline, source ? &pipeline->end_event : &pipeline->cancel_event);
}
