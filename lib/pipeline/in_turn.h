/*
 * in_turn.h - Keeps the order of an ordered stage on the crew in a plain pipeline.
 *
 * Each morsel has one turn (flow/turns.h): its results leave the stage, or pass to the next one, together. Results that
 * are ready before their turn stay in the stage, and the lane is free. The lane that ends the turn before theirs sends
 * them.
 *
 * O10 The results of a lane leave its outbox only in their turn: the thread that sends them looks at the position after
 *     `made` (N7). A lane whose results pass on ends its turn in the same step. So it never sends the results of others,
 *     for which it might have to wait, while it has the lane of the next stage.
 *
 * A stage with one lane needs no turns, nor does one whose results go nowhere.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_IN_TURN_H
#define WEIR_PIPELINE_IN_TURN_H

#include "pipeline/stage.h"

/* Prepares the turns of a stage that needs them. Returns false if there is no memory. */
bool weir__in_turn_prepare(weir_stage *stage);

/*
 * Takes up to `most` items and their positions, like weir_queue_try_get_many. One that was returned is taken even if
 * `most` is 0: places may be promised to results that wait for its turn. Returns WEIR_FULL, with no item, if `most` is 0,
 * or no position is free: then the job is made ready when one is.
 */
weir_status weir__in_turn_take(weir__lane *lane, void **items, size_t most, size_t *count);

/* If the lane's turn has come, adds kept results that follow to those in the outbox, up to `most` results in all. */
void weir__in_turn_gather(weir__lane *lane, size_t most);

/*
 * Lets all results in the outbox, whose turn has come, pass to a lane of the next stage (Q15), and ends their turn. Returns
 * false, with no effect, if they cannot: other results follow at once, or the next stage has no room. `out_lock` is held.
 */
bool weir__in_turn_pass(weir__lane *from, weir__lane *to, size_t promised);

/* Notes how many items the lane's turn has: those that it has begun. */
void weir__in_turn_begin(weir__lane *lane, size_t items);

/*
 * O9. Returns the lane's items from the number `from` on. They are in `group`, which is taken over. Makes the job ready:
 * the lane may look for no further item.
 */
void weir__in_turn_return(weir__lane *lane, size_t from, weir__returned_group *group);

/* O11. After the end of a turn: sends the results of the lane that has the next one, if it is deferred. */
void weir__in_turn_send_deferred(weir_stage *stage);

/* Ends the turn of a morsel: sends its results, and those that come next and are kept; or keeps them for their turn. */
void weir__in_turn_end(weir__lane *lane);

#endif /* WEIR_PIPELINE_IN_TURN_H */
