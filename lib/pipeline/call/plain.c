/*
 * plain.c - Runs the calls of a plain pipeline: its items have no envelopes.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/call/plain.h"

#include "pipeline/observe/timing.h"
#include "pipeline/outcome/outbox.h"
#include "pipeline/outcome/retire.h"
#include "pipeline/outcome/send.h"
#include "pipeline/state/callback.h"
#include "pipeline/state/pipeline.h"
#include "pipeline/waits/pause.h"
#include "sync/border.h"

static void drop(weir__lane *lane, void *item) {
    weir__drop_item(lane->stage, item);
    weir__count_retired(lane->stage, lane, WEIR__DROPPED, 1);
}

bool weir__plain_call(weir__lane *lane, void *item, void **result) {
    const weir_stage *stage = lane->stage;
    weir__outbox_send_before(lane, weir__is_held_up(stage));
    if (!weir__pause_for_call(lane, 1)) {
        drop(lane, item);
        return false;
    }
    lane->item = item;
    weir__timing_begin(lane);
    *result = stage->options.work.func(item, lane->state);
    weir__border();
    weir__timing_end(lane);
    return true;
}

/* Returns how many calls may follow in a row, with no look at the clock or the rate. */
static size_t most_in_a_row(weir__lane *lane) {
    return weir__rate_limits(&lane->stage->rate) ? 0 : weir__timing_untimed(lane);
}

/* Calls the function for items in a row. Returns how many: fewer if the run is cancelled or the stage is paused. */
static size_t call_in_a_row(weir__lane *lane, size_t count) {
    const weir_stage *stage = lane->stage;
    const weir_pipeline *pipeline = stage->pipeline;
    weir_worker_func *func = stage->options.work.func;
    weir__served *served = &lane->served;
    void *state = lane->state;
    size_t at = served->at, i;
    weir__timing_begin_untimed(lane);
    for (i = 0; i < count && !weir__is_cancelled(pipeline) && !weir__stage_is_paused(stage); i++) {
        void *item = weir__ptr_load_relaxed(weir__served_slot(served, at));
        served->at = ++at;
        lane->item = item;
        void *result = func(item, state);
        weir__border();
        weir__outbox_add(lane, result);
    }
    weir__timing_end_untimed(lane, i);
    return i;
}

static bool call_one(weir__lane *lane) {
    weir__served *served = &lane->served;
    void *item = weir__ptr_load_relaxed(weir__served_slot(served, served->at++)), *result;
    bool called = weir__plain_call(lane, item, &result);
    if (called)
        weir__outbox_add(lane, result);
    return called;
}

size_t weir__plain_calls(weir__lane *lane) {
    const weir__served *served = &lane->served;
    size_t dropped = 0;
    while (served->at < served->end) {
        size_t most = most_in_a_row(lane), left = served->end - served->at;
        if (most == 0 || call_in_a_row(lane, left < most ? left : most) == 0)
            dropped += !call_one(lane);
    }
    return dropped;
}

void *weir__run_plain(void *item, void *state) {
    weir__lane *lane = state;
    weir_stage *stage = lane->stage;
    weir_queue *onward = stage->onward;
    weir__verdict verdict = WEIR__DONE;
    void *result;
    if (!weir__plain_call(lane, item, &result))
        return NULL;
    weir_status status = onward == NULL ? WEIR_OK : weir_queue_try_put(onward, result);
    if (status != WEIR_OK)
        verdict = weir__send_plain(stage, lane, result, status);
    weir__count(&lane->counts[verdict], 1);
    return NULL;
}
