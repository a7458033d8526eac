/*
 * submit.c - Submits items: puts them with tickets.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/call/root.h"
#include "pipeline/run/put.h"
#include "pipeline/state/pipeline.h"
#include "pipeline/state/refuse.h"

weir_status weir_pipeline_submit_until(weir_pipeline *pipeline, void *item, void *ticket, weir_deadline deadline) {
    if (pipeline != NULL && pipeline->options.settled == NULL)
        return weir__refuse(pipeline, WEIR_INVALID, NULL, "submit: settled is NULL in the options of the pipeline");
    return weir__put_with(pipeline, item, &(weir__ticket){ticket}, deadline);
}

weir_status weir_pipeline_submit(weir_pipeline *pipeline, void *item, void *ticket) {
    return weir_pipeline_submit_until(pipeline, item, ticket, WEIR_NEVER);
}

weir_status weir_task_submit(weir_task *task, void *result, void *ticket) {
    if (task == NULL || !task->lane->inside || !weir__makes_roots(task->lane) ||
        task->stage->pipeline->options.settled == NULL)
        return WEIR_INVALID;
    weir__emit_root(task->lane, result, &(weir__ticket){ticket});
    return WEIR_OK;
}
