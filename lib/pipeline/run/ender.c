/*
 * ender.c - Lets one thread at a time end a pipeline.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/run/ender.h"

#include "pipeline/run/drain.h"

/* D2. Makes one of the ender's deadlines earlier. The lock is held on entry and exit, and released in between. */
static void hurry_locked(weir_pipeline *pipeline, weir_deadline *which, weir_deadline deadline) {
    weir__assert(pipeline->ender && deadline < *which); /* D2 */
    *which = deadline;
    weir__u32_store_release(&pipeline->hurried, 1);
    weir__park_release_all(&pipeline->changed, &pipeline->lock);
    weir__drain_interrupt(pipeline);
    weir__lock_acquire(&pipeline->lock);
}

/* D1. Waits until the pipeline has no ender, or an end was made. Returns whether an end was made. */
static bool wait_for_ender_locked(weir_pipeline *pipeline, weir_deadline deadline) {
    uint64_t ends = pipeline->ends;
    while (pipeline->ender && pipeline->ends == ends) {
        if (deadline < pipeline->due)
            hurry_locked(pipeline, &pipeline->due, deadline);
        else
            weir__park_wait(&pipeline->changed, &pipeline->lock, WEIR_NEVER, NULL);
    }
    return pipeline->ends != ends;
}

/* D3. Waits until no helper is being started. That takes as long as the start of a thread, so there is no deadline. */
static void wait_for_claims_locked(weir_pipeline *pipeline) {
    while (pipeline->claims > 0)
        weir__park_wait(&pipeline->changed, &pipeline->lock, WEIR_NEVER, NULL);
}

static void become_locked(weir_pipeline *pipeline, weir_deadline due, weir_deadline drain_due) {
    weir__assert(!pipeline->ender && !pipeline->finishing); /* D1 */
    pipeline->ender = true;
    pipeline->due = due;
    pipeline->drain_due = drain_due;
}

bool weir__ender_become(weir_pipeline *pipeline, weir_deadline deadline, weir_status *status) {
    weir__lock_acquire(&pipeline->lock);
    bool tried;
    do { /* the wait for the ender may admit a new claim */
        wait_for_claims_locked(pipeline);
        tried = wait_for_ender_locked(pipeline, deadline);
    } while (!tried && pipeline->claims > 0);
    bool ended = pipeline->ended, mine = !ended && !tried;
    *status = ended ? pipeline->outcome : WEIR_BUSY;
    if (mine) {
        become_locked(pipeline, deadline, WEIR_NEVER);
        pipeline->finishing = true;
    }
    weir__lock_release(&pipeline->lock);
    return mine;
}

bool weir__ender_try(weir_pipeline *pipeline, weir_deadline deadline) {
    weir__lock_acquire(&pipeline->lock);
    bool mine = !pipeline->ender;
    if (mine)
        become_locked(pipeline, WEIR_NEVER, deadline);
    else if (deadline < pipeline->drain_due)
        hurry_locked(pipeline, &pipeline->drain_due, deadline);
    weir__lock_release(&pipeline->lock);
    return mine;
}

void weir__ender_stop(weir_pipeline *pipeline) {
    weir__lock_acquire(&pipeline->lock);
    pipeline->ender = false;
    weir__park_release_all(&pipeline->changed, &pipeline->lock);
}

/* Whether only the memory of the pipeline is left. */
static bool has_ended_locked(const weir_pipeline *pipeline) {
    bool helpers = pipeline->show != NULL || pipeline->watch != NULL || pipeline->has_tracer;
    return pipeline->state == WEIR_RUN_OVER && !helpers;
}

weir_status weir__ender_stop_ended(weir_pipeline *pipeline) {
    weir__lock_acquire(&pipeline->lock);
    pipeline->ended = has_ended_locked(pipeline);
    weir_status outcome = pipeline->ended ? pipeline->outcome : WEIR_BUSY;
    pipeline->ender = pipeline->finishing = false;
    pipeline->ends++;
    weir__park_release_all(&pipeline->changed, &pipeline->lock);
    return outcome;
}

weir_deadline weir__ender_due(weir_pipeline *pipeline) {
    weir__lock_acquire(&pipeline->lock);
    weir__assert(pipeline->ender); /* D1: the caller is the ender */
    weir_deadline due = pipeline->due < pipeline->drain_due ? pipeline->due : pipeline->drain_due;
    weir__u32_store_release(&pipeline->hurried, weir__is_cancelled(pipeline));
    weir__lock_release(&pipeline->lock);
    return due;
}

weir_status weir__ender_drain(weir_pipeline *pipeline) {
    weir_status status;
    do
        status = weir__drain(pipeline, weir__ender_due(pipeline));
    while (status == WEIR_TIMEDOUT && weir__u32_load_acquire(&pipeline->hurried) != 0);
    return status;
}
