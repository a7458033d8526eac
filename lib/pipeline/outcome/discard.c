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

/*
 * Drops a result that was about to be sent. If it was to go to a stage, that stage counts it as entered and dropped. A
 * result without a destination is ignored. Returns the verdict of its piece.
 */
static weir__verdict refuse_result(weir_stage *from, void *result) {
    weir_stage *to = weir__route_for_drop(from, result);
    if (to == NULL && from->options.output.results == NULL)
        return WEIR__DONE;
    if (to != NULL)
        weir__count_shared(&to->refused[WEIR__DROPPED], 1);
    drop_at(from, to, result);
    return WEIR__DROPPED;
}

/* Returns the worse of the verdict of an item and that of a piece with its result. A stage counts what it drops itself. */
static weir__verdict with_piece(const weir_stage *from, weir__verdict verdict, weir__verdict piece) {
    return from->successor_count == 0 ? weir__worse(verdict, piece) : verdict;
}

/* Drops the results of an item that is done. Sets `*piece` to the verdict of its piece. Returns the item's verdict. */
static weir__verdict refuse_results(weir__lane *lane, weir__envelope *envelope, weir__verdict *piece) {
    weir_stage *stage = envelope->stage;
    weir__verdict worst = (weir__verdict)envelope->verdict;
    weir__envelope *result;
    *piece = worst;
    while ((result = weir__list_take(&envelope->list)) != NULL) {
        weir__verdict end = refuse_result(stage, result->item);
        worst = with_piece(stage, worst, end);
        weir__piece_end(stage->pipeline, lane, result, end);
    }
    if (!envelope->is_result)
        return worst;
    *piece = refuse_result(stage, envelope->item);
    return with_piece(stage, worst, *piece);
}

void weir__discard_ordered(weir__lane *lane, weir__envelope *envelope) {
    weir_stage *stage = envelope->stage;
    if (envelope->lost) {
        weir__piece_end(stage->pipeline, lane, envelope, (weir__verdict)envelope->verdict);
        return;
    }
    weir__verdict piece, worst = refuse_results(lane, envelope, &piece);
    bool owed = lane != NULL && weir__retire_begin(lane, envelope);
    weir__piece_end(stage->pipeline, lane, envelope, piece);
    weir__retire_end(stage, lane, worst, owed);
}

void weir__discard_done(weir__envelope *envelope) {
    weir_stage *stage = envelope->stage;
    weir__verdict piece, worst = refuse_results(NULL, envelope, &piece);
    weir__piece_end(stage->pipeline, NULL, envelope, piece);
    weir__retire_end(stage, NULL, worst, true);
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
