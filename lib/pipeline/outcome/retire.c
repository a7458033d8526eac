/*
 * retire.c - Retires items.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/outcome/retire.h"

#include "pipeline/state/callback.h"
#include "pipeline/state/pipeline.h"

/* Retires an item. If `owed`, the worker or the queue settles it. */
static void retire(weir_stage *stage, weir__lane *lane, weir__envelope *envelope, weir__verdict verdict, bool owed) {
    weir__count_retired(stage, lane, verdict, 1);
    weir__piece_end(stage->pipeline, lane, envelope, verdict);
    if (!owed)
        weir__queue_settle(stage->queue, 1);
}

void weir__retire(weir_stage *stage, weir__lane *lane, weir__envelope *envelope, weir__verdict verdict) {
    retire(stage, lane, envelope, verdict, lane != NULL && weir__retire_begin(lane, envelope));
}

static void drop_list(weir_stage *stage, weir__lane *lane, weir__list list) {
    weir__envelope *envelope;
    while ((envelope = weir__list_take(&list)) != NULL) {
        weir__drop_item(stage, envelope->item);
        weir__retire(stage, lane, envelope, WEIR__DROPPED);
    }
}

void weir__retire_dropped(weir_stage *stage, weir__lane *lane, weir__envelope *envelope) {
    weir__list rest = envelope->list;
    weir__drop_item(stage, envelope->item);
    weir__retire(stage, lane, envelope, WEIR__DROPPED);
    drop_list(stage, lane, rest);
}

void weir__retire_discarded(weir_stage *stage, weir__envelope *envelope) {
    weir__list rest = envelope->list;
    weir__drop_item(stage, envelope->item);
    retire(stage, NULL, envelope, WEIR__DROPPED, true);
    drop_list(stage, NULL, rest);
}

void weir__retire_sent(weir_stage *stage, weir__lane *lane, const size_t verdicts[WEIR__VERDICTS], size_t items) {
    for (size_t v = 0; v < WEIR__VERDICTS; v++) {
        if (verdicts[v] > 0)
            weir__count_retired(stage, lane, (weir__verdict)v, verdicts[v]);
    }
    weir__queue_settle(stage->queue, items);
}
