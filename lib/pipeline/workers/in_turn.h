/*
 * in_turn.h - Keeps the order of an ordered stage on the crew in a plain pipeline.
 *
 * Each morsel has one turn (flow/turns.h): its results leave the stage, or pass to the next one, together. Results that
 * are ready before their turn stay in the stage, and the lane is free. The lane that ends the turn before theirs sends
 * them.
 *
 * O10 The results of a lane leave its outbox only in their turn. The thread that sends results reads `made` first, and
 *     then the position. So that position belongs to these results, or to later ones of the lane: it never allows
 *     results to leave early (N7, outbox.h). If the results pass to a lane of the next stage, the turn ends in the same
 *     step. So a thread that has a lane of the next stage never holds up the turn of another lane.
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
 * Takes up to `most` items and their positions, like weir_queue_try_get_many. Takes returned items first (O9), and one
 * of them even if `most` is 0: kept results of later positions may hold all promised places until that item is done.
 * If there is no returned item, and `most` is 0 or no position is free, returns WEIR_FULL. If no position is free, the
 * end of a turn makes the job ready.
 */
weir_status weir__in_turn_take(weir__lane *lane, void **items, size_t most, size_t *count);

/* If the lane's turn has come, adds kept results of the next groups to its outbox, up to `most` results in all. */
void weir__in_turn_gather(weir__lane *lane, size_t most);

/*
 * Passes all results in the outbox to a lane of the next stage (Q15), and ends their turn, which must have come.
 * Returns false, with no effect, if the next group is kept here, or the next stage has no room. `out_lock` is held.
 */
bool weir__in_turn_pass(weir__lane *from, weir__lane *to, size_t promised);

/* Sets the number of items of the lane's turn: those that the lane has begun. */
void weir__in_turn_begin(weir__lane *lane, size_t items);

/*
 * O9. Returns items of the lane's morsel, so that another lane takes them. Takes over `group`, which holds these items.
 * `from` is the index of the first of them in the morsel. Makes the job ready: this lane may be in a long call.
 */
void weir__in_turn_return(weir__lane *lane, size_t from, weir__returned_group *group);

/* O11. Called after the end of a turn. If the lane that has the next turn is deferred, sends that lane's results. */
void weir__in_turn_send_deferred(weir_stage *stage);

/*
 * Called after the lane's morsel. If its turn has come, sends its results, then kept results of the next groups, and
 * ends their turns. Otherwise keeps the results for their turn.
 */
void weir__in_turn_end(weir__lane *lane);

#endif /* WEIR_PIPELINE_WORKERS_IN_TURN_H */
