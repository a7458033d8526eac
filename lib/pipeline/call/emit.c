/*
 * emit.c - Adds results to operations: implements weir_operation_emit.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <weir/operation.h>

#include "pipeline/state/refuse.h"
#include "pipeline/waits/pending.h"
#include "report/figure.h"

static weir_status refuse_memory(const weir_pipeline *pipeline) {
    return weir__refuse(pipeline, WEIR_NOMEM, NULL, "emit: cannot allocate %s for results",
                        weir__figure_bytes(WEIR__SLAB).text);
}

/* What an emit has come to. */
typedef enum outcome { ADDED, NEEDS_ENVELOPE, NOT_FOUND } outcome;

/*
 * Adds a result. Only the last one needs no envelope: another one moves the last into `*spare`, and needs that. Sets
 * `*spare` to NULL if it is used.
 */
static outcome add_result(const weir_pipeline *pipeline, weir_operation operation, void *result,
                          weir__envelope **spare) {
    weir__operation *slot = weir__pending_find(pipeline, operation);
    if (slot == NULL)
        return NOT_FOUND;
    weir__answer *answer = &slot->answer;
    outcome so = answer->has_result && *spare == NULL ? NEEDS_ENVELOPE : ADDED;
    if (so == ADDED && answer->has_result) {
        (*spare)->item = answer->result;
        weir__list_append(&answer->others, *spare);
        *spare = NULL;
    }
    if (so == ADDED) {
        answer->result = result;
        answer->has_result = true;
    }
    weir__lock_release(&slot->stage->operations.lock);
    return so;
}

/* An envelope is allocated without the lock. */
static weir_status emit_result(weir_pipeline *pipeline, weir_operation operation, void *result) {
    weir__envelope *spare = NULL;
    outcome so = add_result(pipeline, operation, result, &spare);
    if (so == NEEDS_ENVELOPE) {
        spare = weir__envelope_new(&pipeline->flight, NULL, NULL);
        if (spare == NULL)
            return refuse_memory(pipeline);
        so = add_result(pipeline, operation, result, &spare);
    }
    if (spare != NULL)
        weir__envelope_free(&pipeline->flight, NULL, spare);
    if (so == ADDED)
        return WEIR_OK;
    return weir__refuse(pipeline, WEIR_INVALID, NULL, "emit: the operation is finished, or none of this pipeline");
}

weir_status weir_operation_emit(weir_pipeline *pipeline, weir_operation operation, void *result) {
    if (pipeline == NULL)
        return weir__refuse_null("emit");
    return emit_result(pipeline, operation, result);
}
