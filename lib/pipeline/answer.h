/*
 * answer.h - Answers of operations: finishes them, and ends their calls.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_ANSWER_H
#define WEIR_PIPELINE_ANSWER_H

#include "pipeline/stage.h"

/*
 * Moves an answer into the envelope of its item, which belongs to the calling thread: results of code 0, otherwise the
 * message, and the results are dropped. `account` is the thread's, or NULL.
 */
void weir__answer_collect(weir__envelope *envelope, weir__account *account, weir__answer *answer);

/* Ends the call of an item whose envelope has an answer. Returns as weir__complete. */
bool weir__answer_complete(weir__lane *lane, weir__envelope *envelope);

/* Requeues an item whose envelope has an answer (Z2). */
void weir__answer_requeue(weir__envelope *envelope);

/* Z5. Retires an item with an answer that the stage's queue discards, and settles. */
void weir__answer_discard(weir_stage *stage, weir__envelope *envelope);

#endif /* WEIR_PIPELINE_ANSWER_H */
