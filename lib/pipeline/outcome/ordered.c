/*
 * ordered.c - Sends the results of ordered stages in the order of the items.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/outcome/ordered.h"

#include "pipeline/outcome/discard.h"
#include "pipeline/outcome/retire.h"
#include "pipeline/outcome/send.h"
#include "pipeline/state/pipeline.h"

/*
 * Sends the results of an item at its turn, and retires the item. The item's stage is the orderer, or a stage before
 * it.
 */
static void release_one(weir__lane *lane, weir__envelope *envelope) {
    weir_stage *stage = envelope->stage;
    weir__verdict verdict = (weir__verdict)envelope->verdict, worst = verdict;
    weir__envelope *result;
    if (envelope->lost) {
        weir__piece_end(stage->pipeline, lane, envelope, verdict);
        return;
    }
    bool owed = weir__retire_begin(lane, envelope);
    while ((result = weir__list_take(&envelope->list)) != NULL)
        worst = weir__worse(worst, weir__send(stage, lane, result));
    if (envelope->is_result)
        worst = weir__worse(worst, weir__send(stage, lane, envelope));
    else
        weir__piece_end(stage->pipeline, lane, envelope, verdict);
    weir__retire_end(stage, lane, worst, owed);
}

/* Releases several items at their turn. Sends the first items together if each is its own result. */
static void release(weir_stage *stage, weir__lane *lane, weir__envelope **run, size_t count) {
    size_t results = 0, verdicts[WEIR__VERDICTS] = {0};
    while (results < count && run[results]->is_result && stage->successor_count <= 1)
        results++;
    if (results > 0) {
        weir__send_many(stage, lane, run, results, verdicts);
        weir__retire_sent(stage, lane, verdicts, results);
    }
    for (size_t i = results; i < count; i++)
        release_one(lane, run[i]);
}

/* Adds the item at its position, and releases the items that are ready (O2). */
static void add(weir_stage *orderer, weir__lane *lane, weir__envelope *envelope) {
    weir__envelope *run[WEIR__SEND_AT_ONCE];
    bool closed;
    size_t count = weir__reorder_add(&orderer->reorder, envelope, run, WEIR__SEND_AT_ONCE, &closed);
    if (closed)
        weir__discard_ordered(lane, envelope);
    while (count > 0) {
        release(orderer, lane, run, count);
        count = weir__reorder_take(&orderer->reorder, run, WEIR__SEND_AT_ONCE);
    }
}

void weir__ordered_ready(weir__lane *lane, weir__envelope *envelope) {
    weir__lane_let_go(lane);
    add(envelope->stage->orderer, lane, envelope);
}

void weir__ordered_forward(weir_stage *from, weir__lane *lane, weir__envelope *envelope) {
    weir__verdict verdict;
    if (weir__send_to(from, from->successors[0], lane, envelope, &verdict))
        return;
    envelope->verdict = (unsigned char)verdict;
    envelope->lost = true;
    add(envelope->stage->orderer, lane, envelope);
}
