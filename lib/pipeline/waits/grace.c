/*
 * grace.c - Counts the functions that may need longer than `grace`.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/waits/grace.h"

void weir__grace_begin(const weir_task *task, uint64_t allowance) {
    if (task == NULL)
        return;
    weir_pipeline *pipeline = task->stage->pipeline;
    weir__lock_acquire(&pipeline->lock);
    pipeline->graced++;
    if (allowance > pipeline->allowance)
        pipeline->allowance = allowance;
    weir__lock_release(&pipeline->lock);
}

void weir__grace_end(const weir_task *task) {
    if (task == NULL)
        return;
    weir_pipeline *pipeline = task->stage->pipeline;
    weir__lock_acquire(&pipeline->lock);
    if (--pipeline->graced == 0)
        pipeline->allowance = 0;
    weir__lock_release(&pipeline->lock);
}
