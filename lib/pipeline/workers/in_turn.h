/*
 * in_turn.h - Keeps the order of an ordered stage on the crew in a plain pipeline.
 *
 * Each morsel has one turn (flow/turns.h): its results leave the stage, or pass to the next one, together. Results that
 * are ready before their turn stay in the stage, and the lane is free. The lane that ends the turn before theirs sends
 * them.
 *
 * O10 The results of a lane leave its outbox only in their turn: the thread that sends them reads `made` before the
 *     position, so the position is that of these results or of later ones (N7, morsel.h). A lane whose results pass on
 *     ends its turn in the same step. So no thread blocks on the results of another lane while it has a lane of the
 *     next stage.
 *
 * A stage with one lane needs no turns, nor does one whose results go nowhere.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_WORKERS_IN_TURN_H
#define WEIR_PIPELINE_WORKERS_IN_TURN_H

#include "pipeline/state/stage.h"

/* Prepares the turns of a stage that needs them. Returns false if there is no memory. */
bool weir__in_turn_prepare(weir_stage *stage);

/*
 * Takes up to `most` items and their positions, like weir_queue_try_get_many. If `most` is 0, still takes one returned
 * item: results behind it may have all promised places until it is done. Otherwise returns WEIR_FULL if `most` is 0. If
 * no position is free, returns WEIR_FULL, and the end of a turn makes the job ready.
 */
weir_status weir__in_turn_take(weir__lane *lane, void **items, size_t most, size_t *count);

/* If the lane's turn has come, adds kept results that follow to those in the outbox, up to `most` results in all. */
void weir__in_turn_gather(weir__lane *lane, size_t most);

/*
 * Passes all results in the outbox to a lane of the next stage (Q15), and ends their turn, which must have come.
 * Returns false, with no effect, if the next group is kept here, or the next stage has no room. `out_lock` is held.
 */
bool weir__in_turn_pass(weir__lane *from, weir__lane *to, size_t promised);

/* Sets the number of items of the lane's turn: those that the lane has begun. */
void weir__in_turn_begin(weir__lane *lane, size_t items);

/*
 * O9. Requeues the lane's items from index `from` on, which are in `group`. Takes over the group. Makes the job ready,
 * as this lane may take no further item.
 */
void weir__in_turn_return(weir__lane *lane, size_t from, weir__returned_group *group);

/* O11. After the end of a turn: sends the results of the lane that has the next one, if it is deferred. */
void weir__in_turn_send_deferred(weir_stage *stage);

/* Ends the turn of a morsel: sends its results, and those that come next and are kept; or keeps them for their turn. */
void weir__in_turn_end(weir__lane *lane);

#endif /* WEIR_PIPELINE_WORKERS_IN_TURN_H */
