/*
 * children.c - Counts child processes of a stage.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/observe/children.h"

void weir__children_add(weir_task *task, const weir_child_counts *counts) {
    weir_stage *stage = task->stage;
    weir__lock_acquire(&stage->children_lock);
    stage->children.started += counts->started;
    stage->children.signal += counts->signal;
    stage->children.exit += counts->exit;
    stage->children.limit += counts->limit;
    stage->children.late += counts->late;
    stage->children.replaced += counts->replaced;
    weir__lock_release(&stage->children_lock);
}

weir_child_counts weir__children_counted(weir_stage *stage) {
    weir__lock_acquire(&stage->children_lock);
    weir_child_counts counts = stage->children;
    weir__lock_release(&stage->children_lock);
    return counts;
}

void weir__children_serve(weir_stage *stage, bool serves) {
    weir__lock_acquire(&stage->children_lock);
    if (serves)
        stage->serving++;
    else
        stage->serving--;
    weir__lock_release(&stage->children_lock);
}

bool weir__children_are_served(weir_stage *stage) {
    weir__lock_acquire(&stage->children_lock);
    bool served = stage->serving > 0;
    weir__lock_release(&stage->children_lock);
    return served;
}
