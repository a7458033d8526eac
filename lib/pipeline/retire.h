/*
 * retire.h - Implements the end of an item in a stage.
 *
 * To retire an item counts it in its stage, ends its piece of its root, and settles it in the stage's queue, in this
 * order (S3, S1). An item in a lane's hand is settled by the worker, which settles several at once; every other one is
 * settled here. There is no other end of an item.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_RETIRE_H
#define WEIR_PIPELINE_RETIRE_H

#include "closable_queue/settle.h"
#include "pipeline/stage.h"

/* S2. The lane takes an item in hand that it has taken from the queue. */
static inline void weir__hand_take(weir__lane *lane, weir__envelope *envelope) {
    lane->in_hand = envelope;
    lane->owes = false;
}

/* S2. The lane lets go of what it has in hand: the item waits somewhere, and its worker does not settle it. */
static inline void weir__hand_let_go(weir__lane *lane) {
    lane->in_hand = NULL;
}

/* Retires an item. `lane` is the calling thread's, of any stage, or NULL. */
void weir__retire(weir_stage *stage, weir__lane *lane, weir__envelope *envelope, weir__verdict verdict);

/* Drops an item, or each item of a batch, and retires it as dropped. */
void weir__retire_dropped(weir_stage *stage, weir__lane *lane, weir__envelope *envelope);

/* The same for what the stage's queue discards: the queue settles the first envelope. */
void weir__retire_discarded(weir_stage *stage, weir__envelope *envelope);

/* Counts items of the stage as retired; the rest is the caller's. */
static inline void weir__count_retired(weir_stage *stage, weir__lane *lane, weir__verdict verdict, size_t items) {
    if (lane != NULL && lane->stage == stage)
        weir__count(&lane->counts[verdict], items);
    else
        weir__count_shared(&stage->counts[verdict], items);
}

/*
 * Retires an item in two steps, since its result travels on in its envelope: begin before the envelope is sent, and
 * end, with what begin returned, afterwards.
 */
static inline bool weir__retire_begin(weir__lane *lane, const weir__envelope *envelope) {
    if (lane->in_hand != envelope)
        return false;
    lane->in_hand = NULL;
    lane->owes = true;
    return true;
}

static inline void weir__retire_end(weir_stage *stage, weir__lane *lane, weir__verdict verdict, bool owed) {
    weir__count_retired(stage, lane, verdict, 1);
    if (!owed)
        weir__queue_settle(stage->queue, 1);
}

/* Retires that many items after their results were sent. No lane has them in hand. */
void weir__retire_sent(weir_stage *stage, weir__lane *lane, const size_t verdicts[WEIR__VERDICTS], size_t count);

#endif /* WEIR_PIPELINE_RETIRE_H */
