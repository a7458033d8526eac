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

/*
 * Whether a result of a last stage ends without a drop, after a cancel: it has no destination, or it is put to a results
 * queue that another pipeline keeps open.
 */
bool weir__leaves_cancelled(const weir_stage *from, void *result);

/* Drops the results of an item that is done and has no turn any more, after a cancel. Retires the item. */
void weir__discard_ordered(weir__lane *lane, weir__envelope *envelope);

/*
 * Z5. Retires an item that is done after a cancel. Puts its results if the queue is open and its turn has come;
 * otherwise drops them. The stage's queue discards the item, and settles.
 */
void weir__discard_done(weir__envelope *envelope);

/* S4. Closes the mechanisms of a cancelled stage, shuts down its queue, and drops all items that wait in them. */
void weir__discard_stage(weir_stage *stage);

#endif /* WEIR_PIPELINE_OUTCOME_DISCARD_H */
