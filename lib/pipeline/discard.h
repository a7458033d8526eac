/*
 * discard.h - Drops results, and what waits in the mechanisms of a stage.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_DISCARD_H
#define WEIR_PIPELINE_DISCARD_H

#include "pipeline/stage.h"

/* Drops a result of a failed call, by the drop function of where it would go. */
void weir__discard_result(weir_stage *from, void *result);

/* Drops an item that was ready for its turn when the pipeline was cancelled, and its results. */
void weir__discard_ordered(weir__lane *lane, weir__envelope *envelope);

/* S4. Closes the mechanisms of a cancelled stage, shuts its queue down, and drops all that waits in them. */
void weir__discard_stage(weir_stage *stage);

#endif /* WEIR_PIPELINE_DISCARD_H */
