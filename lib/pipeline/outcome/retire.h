/*
 * retire.h - Retires items: ends an item in its stage.
 *
 * Retiring an item takes three steps. The item is counted in its stage. The item's piece of its root (root.h) ends, or
 * travels on with a result. Last, the item is settled in the stage's queue (S3, S1). If a lane holds an item, the
 * worker settles it after its function returns, together with others; a queue that discards settles the first item.
 * Every other item is settled here. An item of a plain pipeline has no piece.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_OUTCOME_RETIRE_H
#define WEIR_PIPELINE_OUTCOME_RETIRE_H

#include "closable_queue/settle.h"
#include "pipeline/state/stage.h"

/* S2. Makes the lane hold an item, which it has taken from the queue. */
static inline void weir__lane_hold(weir__lane *lane, weir__envelope *envelope) {
    lane->held = envelope;
    lane->owes = false;
}

/* S2. Lets go of the item that the lane holds. The lane's worker then does not settle the item. */
static inline void weir__lane_let_go(weir__lane *lane) {
    lane->held = NULL;
}

/*
 * Retires an item. `lane` is the lane of the calling thread, which may be of another stage; NULL if the thread has
 * none.
 */
void weir__retire(weir_stage *stage, weir__lane *lane, weir__envelope *envelope, weir__verdict verdict);

/* Drops and retires an item, or each item of a batch. */
void weir__retire_dropped(weir_stage *stage, weir__lane *lane, weir__envelope *envelope);

/*
 * Drops and retires an item, or each item of a batch, that the stage's queue discards. The queue settles the first
 * envelope.
 */
void weir__retire_discarded(weir_stage *stage, weir__envelope *envelope);

/* Counts items of the stage as retired. Does not end their pieces, and does not settle. */
static inline void weir__count_retired(weir_stage *stage, weir__lane *lane, weir__verdict verdict, size_t items) {
    if (lane != NULL && lane->stage == stage)
        weir__count(&lane->counts[verdict], items);
    else
        weir__count_shared(&stage->counts[verdict], items);
}

/*
 * Retire an item in two calls, because its result travels on in its envelope. Begin is called before the envelope is
 * sent, and returns true if the worker settles the item. End is called after the envelope is sent; `owed` is what begin
 * has returned.
 */
static inline bool weir__retire_begin(weir__lane *lane, const weir__envelope *envelope) {
    if (lane->held != envelope)
        return false;
    lane->held = NULL;
    lane->owes = true;
    return true;
}

static inline void weir__retire_end(weir_stage *stage, weir__lane *lane, weir__verdict verdict, bool owed) {
    weir__count_retired(stage, lane, verdict, 1);
    if (!owed)
        weir__queue_settle(stage->queue, 1);
}

/* Retires `count` items after their results were sent. No lane may hold any of the items. */
void weir__retire_sent(weir_stage *stage, weir__lane *lane, const size_t verdicts[WEIR__VERDICTS], size_t count);

#endif /* WEIR_PIPELINE_OUTCOME_RETIRE_H */
