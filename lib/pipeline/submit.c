/*
 * submit.c - Submits items: the program is told what became of them.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/submit.h"

#include "pipeline/callback.h"
#include "pipeline/discard.h"
#include "pipeline/pipeline.h"
#include "pipeline/put.h"
#include "pipeline/refuse.h"
#include "pipeline/root.h"
#include "sync/border.h"

_Static_assert((int)WEIR__DONE == (int)WEIR_ITEM_DONE && (int)WEIR__DROPPED == (int)WEIR_ITEM_DROPPED &&
                   (int)WEIR__DEAD == (int)WEIR_ITEM_DEAD && (int)WEIR__FAILED == (int)WEIR_ITEM_FAILED,
               "a verdict is an outcome");

static weir_pipeline *pipeline_of(weir__flight *flight) {
    return (weir_pipeline *)(void *)((char *)flight - offsetof(weir_pipeline, flight));
}

static void tell_settled(weir__flight *flight, void *ticket, weir__verdict verdict) {
    weir_pipeline *pipeline = pipeline_of(flight);
    weir__callback call;
    int before = weir__uncancellable_begin(); /* the function of the stage may have enabled cancellation */
    weir__callback_begin(&call, pipeline, NULL, WEIR_IN_CALLBACK);
    pipeline->options.settled(ticket, (weir_outcome)verdict);
    weir__border();
    weir__callback_end(&call);
    weir__uncancellable_end(before);
}

void weir__submit_prepare(weir_pipeline *pipeline) {
    if (pipeline->options.settled != NULL)
        pipeline->flight.tell = tell_settled;
}

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
    int before = weir__uncancellable_begin();
    weir__emit_root(task->lane, result, &(weir__ticket){ticket});
    weir__uncancellable_end(before);
    return WEIR_OK;
}
