/*
 * children.h - Counts child processes of a stage.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_OBSERVE_CHILDREN_H
#define WEIR_PIPELINE_OBSERVE_CHILDREN_H

#include <stdbool.h>

#include "pipeline/state/stage.h"

/* Adds to the counts of the task's stage. */
void weir__children_add(weir_task *task, const weir_child_counts *counts);

weir_child_counts weir__children_counted(weir_stage *stage);

/* Counts a thread of the stage whose starts make children ready, or counts it no longer. */
void weir__children_serve(weir_stage *stage, bool serves);

/* Whether there is such a thread. */
bool weir__children_are_served(weir_stage *stage);

#endif /* WEIR_PIPELINE_OBSERVE_CHILDREN_H */
