/*
 * answer.h - Answers of operations: finishes them, and ends their calls.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_CALL_ANSWER_H
#define WEIR_PIPELINE_CALL_ANSWER_H

#include "pipeline/state/stage.h"

/*
 * Moves an answer into the envelope of its item, which belongs to the calling thread: results of code 0, otherwise the
 * message, and the results are dropped. `account` is the thread's, or NULL.
 */
void weir__answer_collect(weir__envelope *envelope, weir__account *account, weir__answer *answer);

/*
 * Takes the answer out of an envelope: prepares the lane's task for weir__complete, and returns the code. If the stage
 * has no order, sends the results, but for one that is in the item's own envelope.
 */
int weir__answer_take(weir__lane *lane, weir__envelope *envelope);

/* Requeues an item with an answer in its envelope (Z2). */
void weir__answer_requeue(weir__envelope *envelope);

/* Z8. Requeues the items that a lane has kept. Its thread ends. */
void weir__answer_give_back(weir__lane *lane);

/*
 * Takes the answer out of an envelope that the stage's queue discards, and settles. Z5: if the item is done, retires it,
 * and returns true. Otherwise the caller must retire it.
 */
bool weir__answer_discard(weir__envelope *envelope);

#endif /* WEIR_PIPELINE_CALL_ANSWER_H */
