/*
 * plain.c - Runs the calls of a plain pipeline: its items have no envelopes.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/plain.h"

#include "pipeline/drop.h"
#include "pipeline/pipeline.h"
#include "pipeline/retire.h"
#include "pipeline/send.h"
#include "pipeline/timing.h"
#include "sync/border.h"

static void *drop(weir__lane *lane, void *item) {
    weir__drop_item(lane->stage, item);
    weir__count_retired(lane->stage, lane, WEIR__DROPPED, 1);
    return NULL;
}

void *weir__run_plain(void *item, void *state) {
    weir__lane *lane = state;
    weir_stage *stage = lane->stage;
    weir_queue *onward = stage->onward;
    weir__verdict verdict = WEIR__DONE;
    if (weir__is_cancelled(stage->pipeline))
        return drop(lane, item);
    lane->item = item;
    weir__timing_begin(lane);
    void *result = stage->options.func(item, lane->state);
    weir__border();
    weir__timing_end(lane);
    weir_status status = onward == NULL ? WEIR_OK : weir_queue_try_put(onward, result);
    if (status != WEIR_OK)
        verdict = weir__send_plain(stage, lane, result, status);
    weir__count(&lane->counts[verdict], 1);
    return NULL;
}
