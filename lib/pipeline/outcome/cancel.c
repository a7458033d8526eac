/*
 * cancel.c - Cancels runs.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/outcome/cancel.h"

#include <string.h>

#include "closable_queue/settle.h"
#include "pipeline/declare/outputs.h"
#include "pipeline/outcome/discard.h"
#include "pipeline/state/callback.h"
#include "pipeline/state/crew_wait.h"
#include "pipeline/state/phase.h"
#include "pipeline/state/refuse.h"
#include "pipeline/waits/abort.h"
#include "pipeline/waits/gate.h"
#include "pipeline/waits/pause.h"
#include "pipeline/waits/pending.h"

/* S4. Called before the first drop function, which may take long. */
static void end_every_wait(weir_pipeline *pipeline) {
    weir__admission_close(&pipeline->flight.admission, true);
    weir__outputs_leave(pipeline, true);
    for (weir_stage *stage = pipeline->first; stage != NULL; stage = stage->next) {
        weir__pause_wake(stage);
        weir__pending_wake(stage);
        (void)weir_queue_shutdown(stage->queue, WEIR_DRAIN);
        weir__queue_wake_joiners(stage->queue);
        weir__crew_look(stage);
    }
}

bool weir__cancel_begin(weir_pipeline *pipeline, weir_status outcome) {
    if (!weir__phase_cancel(pipeline, outcome))
        return false;
    end_every_wait(pipeline);
    weir__gate_resume_all(pipeline); /* last: puts that a pause has held up fail */
    return true;
}

/*
 * Asks the operations after the discards, which a slow abort would hold up: a queue that is shut down discards the items
 * that they requeue. Closes the timers last, for the same reason.
 */
static void drop_everything(weir_pipeline *pipeline) {
    for (weir_stage *stage = pipeline->first; stage != NULL; stage = stage->next)
        weir__discard_stage(stage);
    weir__abort_cancelled(pipeline);
    weir__timers_close(&pipeline->timers);
}

void weir__cancel_drop(weir_pipeline *pipeline) {
    weir__callback dropping;
    weir__callback_begin(&dropping, pipeline, NULL, WEIR_IN_DROP); /* also between two drop functions */
    drop_everything(pipeline);
    weir__callback_end(&dropping);
    weir__lock_acquire(&pipeline->lock);
    weir__assert(pipeline->state == WEIR_RUN_CANCELLED); /* R1: not over yet */
    pipeline->cancelling = false;
    weir__park_release_all(&pipeline->changed, &pipeline->lock);
}

void weir__cancel_as(weir_pipeline *pipeline, weir_status outcome) {
    if (weir__cancel_begin(pipeline, outcome))
        weir__cancel_drop(pipeline);
}

/* Whether a stage has items to drop. No queue takes further items (S1). */
static bool holds_items(const weir_pipeline *pipeline) {
    for (const weir_stage *stage = pipeline->first; stage != NULL; stage = stage->next) {
        if (!weir__stage_is_source(stage) && weir_queue_unfinished(stage->queue) > 0)
            return true;
    }
    return false;
}

static void run_drop(void *pipeline) {
    weir__cancel_drop(pipeline);
}

/*
 * Starts the dropper. The end waits during the start, because only afterwards is there a thread to join (is_busy_locked
 * in join.c).
 */
static bool start_dropper(weir_pipeline *pipeline) {
    weir__lock_acquire(&pipeline->lock);
    pipeline->starts_dropper = true;
    weir__lock_release(&pipeline->lock);
    pipeline->dropper = (weir__thread){.main = run_drop, .arg = pipeline};
    strcpy(pipeline->dropper.name, "weir-drop");
    bool started = weir__thread_start(&pipeline->dropper);
    weir__lock_acquire(&pipeline->lock);
    pipeline->starts_dropper = false;
    pipeline->has_dropper = started;
    weir__park_release_all(&pipeline->changed, &pipeline->lock);
    return started;
}

void weir__cancel_drop_aside(weir_pipeline *pipeline) {
    if (!holds_items(pipeline) || !start_dropper(pipeline))
        weir__cancel_drop(pipeline);
}

bool weir__dropper_join_until(weir_pipeline *pipeline, uint64_t deadline) {
    if (pipeline->has_dropper && !weir__thread_join_until(&pipeline->dropper, deadline))
        return false;
    pipeline->has_dropper = false;
    return true;
}

weir_status weir_pipeline_cancel(weir_pipeline *pipeline) {
    if (pipeline == NULL || !weir__has_started(pipeline))
        return weir__refuse_unstarted(pipeline, "cancel");
    weir__cancel_as(pipeline, WEIR_CANCELLED);
    return WEIR_OK;
}
