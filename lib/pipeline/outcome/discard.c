/*
 * discard.c - Drops results, and items that wait in the mechanisms of a stage.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/outcome/discard.h"

#include "pipeline/outcome/retire.h"
#include "pipeline/outcome/route.h"
#include "pipeline/state/callback.h"
#include "pipeline/state/pipeline.h"

static void drop_at(weir_stage *from, weir_stage *to, void *result) {
    if (to != NULL)
        weir__drop_item(to, result);
    else if (from->options.output.results != NULL)
        weir__drop_left(from, result);
}

void weir__discard_result(weir_stage *from, void *result) {
    drop_at(from, weir__route_for_drop(from, result), result);
}

bool weir__leaves_cancelled(const weir_stage *from, void *result) {
    weir_queue *results = from->options.output.results;
    return from->successor_count == 0 && (results == NULL || weir_queue_try_put(results, result) == WEIR_OK);
}

/*
 * Ends a result that was about to be sent. Drops it, unless it leaves: it has no destination, or its turn has come and
 * its queue is open. If it was to go to a stage, that stage counts it as entered and dropped. Returns the verdict of
 * its piece.
 */
static weir__verdict end_result(weir_stage *from, void *result, bool in_turn) {
    if ((in_turn || from->options.output.results == NULL) && weir__leaves_cancelled(from, result))
        return WEIR__DONE;
    weir_stage *to = weir__route_for_drop(from, result);
    if (to != NULL)
        weir__count_shared(&to->refused[WEIR__DROPPED], 1);
    drop_at(from, to, result);
    return WEIR__DROPPED;
}

/* Returns the worse of the verdict of an item and that of a piece with its result. A stage counts what it drops itself. */
static weir__verdict with_piece(const weir_stage *from, weir__verdict verdict, weir__verdict piece) {
    return from->successor_count == 0 ? weir__worse(verdict, piece) : verdict;
}

/* Ends the results of an item that is done. Sets `*piece` to the verdict of its piece. Returns the item's verdict. */
static weir__verdict end_results(weir__lane *lane, weir__envelope *envelope, bool in_turn, weir__verdict *piece) {
    weir_stage *stage = envelope->stage;
    weir__verdict worst = (weir__verdict)envelope->verdict;
    weir__envelope *result;
    *piece = worst;
    while ((result = weir__list_take(&envelope->list)) != NULL) {
        weir__verdict end = end_result(stage, result->item, in_turn);
        worst = with_piece(stage, worst, end);
        weir__piece_end(stage->pipeline, lane, result, end);
    }
    if (!envelope->is_result)
        return worst;
    *piece = end_result(stage, envelope->item, in_turn);
    return with_piece(stage, worst, *piece);
}

static void discard_ready(weir__lane *lane, weir__envelope *envelope, bool in_turn) {
    weir_stage *stage = envelope->stage;
    if (envelope->lost) {
        weir__piece_end(stage->pipeline, lane, envelope, (weir__verdict)envelope->verdict);
        return;
    }
    weir__verdict piece, worst = end_results(lane, envelope, in_turn, &piece);
    bool owed = lane != NULL && weir__retire_begin(lane, envelope);
    weir__piece_end(stage->pipeline, lane, envelope, piece);
    weir__retire_end(stage, lane, worst, owed);
}

void weir__discard_ordered(weir__lane *lane, weir__envelope *envelope) {
    discard_ready(lane, envelope, false);
}

/* Ends the turn of an item that was not added (O2): releases the items that are ready. */
static void end_turn(weir__reorder *reorder) {
    weir__envelope *next;
    while (weir__reorder_take(reorder, &next, 1) > 0)
        discard_ready(NULL, next, true);
}

void weir__discard_done(weir__envelope *envelope) {
    weir_stage *stage = envelope->stage;
    bool has_turn = stage->orderer != NULL && weir__reorder_begin(&stage->orderer->reorder, envelope->position);
    weir__verdict piece, worst = end_results(NULL, envelope, has_turn || stage->orderer == NULL, &piece);
    weir__piece_end(stage->pipeline, NULL, envelope, piece);
    weir__retire_end(stage, NULL, worst, true);
    if (has_turn)
        end_turn(&stage->orderer->reorder);
}

static void discard_keyed(weir_stage *stage) {
    weir__list waiting = weir__keyed_close(&stage->keyed, &stage->pipeline->flight);
    weir__envelope *envelope;
    while ((envelope = weir__list_take(&waiting)) != NULL)
        weir__retire_dropped(stage, NULL, envelope);
}

static void discard_reordered(weir_stage *stage) {
    weir__list waiting = weir__reorder_close(&stage->reorder);
    weir__envelope *envelope;
    while ((envelope = weir__list_take(&waiting)) != NULL)
        weir__discard_ordered(NULL, envelope);
}

/* The batch is closed first, so the discarded queue contains every batch that was requeued. */
void weir__discard_stage(weir_stage *stage) {
    weir__envelope *partial = weir__batch_close(&stage->batch);
    if (partial != NULL)
        weir__retire_dropped(stage, NULL, partial);
    (void)weir_queue_shutdown(stage->queue, WEIR_DISCARD);
    discard_reordered(stage);
    discard_keyed(stage);
}
