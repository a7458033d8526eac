/*
 * phase.c - Changes the state of a run.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/state/phase.h"

#include "pipeline/state/callback.h"

static weir_run_state state_of(weir_pipeline *pipeline) {
    weir__lock_acquire(&pipeline->lock);
    weir_run_state state = pipeline->state;
    weir__lock_release(&pipeline->lock);
    return state;
}

bool weir__has_started(weir_pipeline *pipeline) {
    return state_of(pipeline) != WEIR_RUN_READY;
}

bool weir__is_over(weir_pipeline *pipeline) {
    return state_of(pipeline) == WEIR_RUN_OVER;
}

bool weir__is_inside(const weir_pipeline *pipeline) {
    return weir__visit_find(pipeline) != NULL;
}

void weir__phase_run(weir_pipeline *pipeline) {
    weir__lock_acquire(&pipeline->lock);
    weir__assert(pipeline->state == WEIR_RUN_READY); /* R1 */
    pipeline->started = weir__clock_now();
    pipeline->state = WEIR_RUN_RUNNING;
    weir__lock_release(&pipeline->lock);
}

void weir__phase_launched(weir_pipeline *pipeline) {
    weir__lock_acquire(&pipeline->lock);
    pipeline->launched = true;
    weir__lock_release(&pipeline->lock);
}

void weir__phase_undo(weir_pipeline *pipeline) {
    weir__lock_acquire(&pipeline->lock);
    pipeline->state = WEIR_RUN_READY;
    weir__lock_release(&pipeline->lock);
}

static bool have_sources_ended(const weir_pipeline *pipeline) {
    for (const weir_stage *stage = pipeline->first; stage != NULL; stage = stage->next) {
        if (weir__stage_is_source(stage) && weir_queue_unfinished(stage->queue) > 0)
            return false;
    }
    return true;
}

void weir__phase_drain(weir_pipeline *pipeline) {
    weir__lock_acquire(&pipeline->lock);
    if (pipeline->state == WEIR_RUN_RUNNING)
        pipeline->state = WEIR_RUN_DRAINING;
    if (!weir__is_ending(pipeline))
        pipeline->sources_ended = have_sources_ended(pipeline);
    weir__u32_store_release(&pipeline->ending, 1);
    weir__event_happen(&pipeline->end_event);
    weir__park_release_all(&pipeline->changed, &pipeline->lock);
}

bool weir__phase_cancel(weir_pipeline *pipeline, weir_status outcome) {
    weir__lock_acquire(&pipeline->lock);
    bool first = pipeline->state == WEIR_RUN_RUNNING || pipeline->state == WEIR_RUN_DRAINING;
    if (first) {
        pipeline->state = WEIR_RUN_CANCELLED;
        pipeline->outcome = outcome;
        pipeline->cancelling = true;
        weir__u32_store_release(&pipeline->ending, 1);
        weir__u32_store_release(&pipeline->cancelled, 1);
        weir__u32_store_release(&pipeline->hurried, 1);
        weir__event_happen(&pipeline->cancel_event);
        weir__event_happen(&pipeline->end_event);
    }
    weir__park_release_all(&pipeline->changed, &pipeline->lock);
    return first;
}

/* Whether an item was dropped in any stage. All threads must have ended. */
static bool has_dropped(const weir_pipeline *pipeline) {
    uint64_t dropped = weir__u64_load_acquire(&pipeline->flight.roots[WEIR__DROPPED]);
    for (const weir_stage *stage = pipeline->first; stage != NULL; stage = stage->next) {
        dropped += weir__u64_load_acquire(&stage->counts[WEIR__DROPPED]);
        dropped += weir__u64_load_acquire(&stage->refused[WEIR__DROPPED]);
        for (size_t i = 0; i < stage->options.threads.max; i++)
            dropped += weir__u64_load_acquire(&stage->lanes[i].counts[WEIR__DROPPED]);
    }
    return dropped > 0;
}

void weir__phase_over(weir_pipeline *pipeline) {
    bool in_time = !weir__errors_has_fatal(&pipeline->errors) && !has_dropped(pipeline) &&
                   weir__u32_load_relaxed(&pipeline->cut_short) == 0;
    weir__lock_acquire(&pipeline->lock);
    weir__assert(pipeline->state == WEIR_RUN_DRAINING || pipeline->state == WEIR_RUN_CANCELLED); /* R1 */
    weir__assert(pipeline->running == 0);
    while (pipeline->cancelling) /* a cancel that came when all was drained: it drops nothing any more */
        weir__park_wait(&pipeline->changed, &pipeline->lock, WEIR_NEVER, NULL);
    if (pipeline->outcome == WEIR_TIMEDOUT && in_time)
        pipeline->outcome = WEIR_OK;
    pipeline->state = WEIR_RUN_OVER;
    pipeline->over = weir__clock_now();
    weir__park_release_all(&pipeline->changed, &pipeline->lock);
}

void weir__phase_set_outcome(weir_pipeline *pipeline, weir_status outcome) {
    weir__lock_acquire(&pipeline->lock);
    pipeline->outcome = outcome;
    weir__lock_release(&pipeline->lock);
}

void weir__phase_count_in(weir_stage *stage) {
    weir_pipeline *pipeline = stage->pipeline;
    weir__lock_acquire(&pipeline->lock);
    pipeline->running++;
    stage->running++;
    weir__lock_release(&pipeline->lock);
}

void weir__phase_count_out(weir_stage *stage) {
    weir_pipeline *pipeline = stage->pipeline;
    weir__lock_acquire(&pipeline->lock);
    weir__assert(stage->running > 0);
    pipeline->running--;
    stage->running--;
    weir__park_release_all(&pipeline->changed, &pipeline->lock);
}

weir_status weir__phase_await_stage(weir_stage *stage, weir_deadline deadline) {
    weir_pipeline *pipeline = stage->pipeline;
    bool in_time = true;
    weir__lock_acquire(&pipeline->lock);
    while (stage->running > 0 && in_time && weir__u32_load_relaxed(&pipeline->hurried) == 0)
        in_time = weir__park_wait(&pipeline->changed, &pipeline->lock, deadline, NULL);
    bool ended = stage->running == 0;
    weir__lock_release(&pipeline->lock);
    return ended ? WEIR_OK : WEIR_TIMEDOUT;
}
