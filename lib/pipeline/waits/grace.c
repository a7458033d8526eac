/*
 * grace.c - Implements the longer grace of calls of the library.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/waits/grace.h"

void weir__grace_extend(const weir_task *task, uint64_t until) {
    weir_pipeline *pipeline = task->stage->pipeline;
    weir__lock_acquire(&pipeline->lock);
    if (until > pipeline->ends_by)
        pipeline->ends_by = until;
    weir__lock_release(&pipeline->lock);
}
