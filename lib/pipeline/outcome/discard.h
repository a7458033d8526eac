/*
 * discard.h - Drops results, and items that wait in the mechanisms of a stage.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_OUTCOME_DISCARD_H
#define WEIR_PIPELINE_OUTCOME_DISCARD_H

#include "pipeline/state/stage.h"

/* Drops a result of a failed call. Uses the drop function of the stage or queue that would have got the result. */
void weir__discard_result(weir_stage *from, void *result);

/* Drops an item that was ready for its turn, and its results, after a cancel. */
void weir__discard_ordered(weir__lane *lane, weir__envelope *envelope);

/* Z5. Retires an item that is done, and drops its results. The stage's queue discards it, and settles. */
void weir__discard_done(weir__envelope *envelope);

/* S4. Closes the mechanisms of a cancelled stage, shuts down its queue, and drops all items that wait in them. */
void weir__discard_stage(weir_stage *stage);

#endif /* WEIR_PIPELINE_OUTCOME_DISCARD_H */
