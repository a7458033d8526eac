/*
 * root.h - Emits the results of calls without an item: of a source, and of at_end.
 *
 * Such a result is a root, as an item that is put is one. It counts as entered and done in its stage.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_CALL_ROOT_H
#define WEIR_PIPELINE_CALL_ROOT_H

#include "pipeline/outcome/outbox.h"
#include "pipeline/state/pipeline.h"

/* Whether the lane's present call has no item. */
static inline bool weir__makes_roots(const weir__lane *lane) {
    return lane->at_end || weir__stage_is_source(lane->stage);
}

/*
 * Blocks until the result is admitted as a root, and sends it. After a cancel, drops the result. With a ticket, which may
 * be NULL, the pipeline must not be plain.
 */
void weir__emit_root(weir__lane *lane, void *result, const weir__ticket *ticket);

/* The same in a plain pipeline, if the stage runs on a crew and nothing is waited for. Otherwise returns false. */
static inline bool weir__emit_at_once(weir__lane *lane, void *result) {
    const weir_pipeline *pipeline = lane->stage->pipeline;
    if (!pipeline->plain || lane->stage->crew == NULL || weir__u32_load_relaxed(&pipeline->entry.paused) != 0)
        return false;
    weir__count(&lane->produced, 1); /* S3 */
    weir__outbox_emit(lane, result);
    return true;
}

#endif /* WEIR_PIPELINE_CALL_ROOT_H */
