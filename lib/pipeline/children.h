/*
 * children.h - Counts child processes of a stage.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_CHILDREN_H
#define WEIR_PIPELINE_CHILDREN_H

#include "pipeline/stage.h"

/* Adds to the counts of the task's stage. */
void weir__children_add(weir_task *task, const weir_child_counts *counts);

weir_child_counts weir__children_counted(weir_stage *stage);

#endif /* WEIR_PIPELINE_CHILDREN_H */
