/*
 * end.c - how a pipeline ends: in good order, by a cancel, or both.
 *
 * The drain: nothing comes in any more, so the first stage's queue is joined once all of it has gone through; then
 * nothing comes to the second, and so on, in the order of the graph (S1). A stage that is drained is shut down, and its
 * threads end. A cancel interrupts the join that waits.
 *
 * One thread at a time ends it, in finish or destroy: it drains, and joins the threads. The others wait for what comes
 * of that. The earliest deadline of all of them is `due`, under the lock. A call that makes it earlier sets `hurried`
 * with it, and wakes the one, in its drain and in its wait for functions; that one reads `due` under the lock, each time
 * before it waits. So it cancels only when a drain by the earliest deadline has timed out.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/pipeline.h"

#include <string.h>

/* ---- threads ---- */

bool weir__pipeline_is_self(const weir_pipeline *pipeline) {
    return weir__visit_find(pipeline) != NULL; /* V2 */
}

void weir__pipeline_enter(weir_stage *stage) {
    weir_pipeline *pipeline = stage->pipeline;
    weir__lock_acquire(&pipeline->lock);
    pipeline->running++;
    weir__lock_release(&pipeline->lock);
}

/* Its functions have ended all its threads, and nobody would take what comes. */
static void lose_stage(weir_stage *stage) {
    if (weir__stage_is_source(stage) || weir__u32_load_acquire(&stage->closing) || weir__is_cancelled(stage->pipeline))
        return;
    weir__errors_add(stage, -WEIR_UNFINISHED, "all its threads have ended", 0, true);
    weir__pipeline_fail(stage->pipeline);
}

void weir__pipeline_leave(weir_stage *stage) {
    weir_pipeline *pipeline = stage->pipeline;
    weir__lock_acquire(&stage->lock);
    bool last = ++stage->left == stage->options.threads; /* never of a stage that cannot start: it lacks some */
    weir__lock_release(&stage->lock);
    if (last)
        lose_stage(stage);
    weir__lock_acquire(&pipeline->lock);
    pipeline->running--;
    weir__park_release_all(&pipeline->changed, &pipeline->lock);
}

/* ---- cancelling ---- */

/* Whether this call is the one that cancels. */
static bool set_cancelled(weir_pipeline *pipeline, weir_status outcome) {
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

static void shut_down_outputs(weir_pipeline *pipeline) {
    for (weir_stage *stage = pipeline->first; stage != NULL; stage = stage->next) {
        if (stage->options.results != NULL)
            (void)weir_queue_shutdown(stage->options.results, WEIR_DRAIN);
        if (stage->options.dead != NULL)
            (void)weir_queue_shutdown(stage->options.dead, WEIR_DRAIN);
    }
}

/* Wakes whoever waits anywhere, before the first drop function is called: that may take long. */
static void wake_everybody(weir_pipeline *pipeline) {
    weir__limits_close(&pipeline->limits, true);
    shut_down_outputs(pipeline);
    for (weir_stage *stage = pipeline->first; stage != NULL; stage = stage->next) {
        weir__stage_wake(stage);
        (void)weir_queue_shutdown(stage->queue, WEIR_DRAIN);
        weir__queue_wake_joiners(stage->queue);
    }
}

/* The batches first: what they requeue until then is in the queues that are discarded next, and dropped here. */
static void drop_everything(weir_pipeline *pipeline) {
    for (weir_stage *stage = pipeline->first; stage != NULL; stage = stage->next) {
        weir__gather_close(stage);
        (void)weir_queue_shutdown(stage->queue, WEIR_DISCARD);
        weir__order_close(stage);
        weir__keys_close(stage);
    }
    weir__keeper_close(&pipeline->keeper);
}

/* The part of a cancel that may take long. */
static void drop_and_tell(void *raw) {
    weir_pipeline *pipeline = raw;
    weir__callback dropping;
    weir__callback_begin(&dropping, pipeline, NULL, WEIR_IN_DROP); /* between two drop functions, too */
    drop_everything(pipeline);
    weir__callback_end(&dropping);
    weir__lock_acquire(&pipeline->lock);
    pipeline->cancelling = false;
    weir__park_release_all(&pipeline->changed, &pipeline->lock);
}

void weir__pipeline_cancel_as(weir_pipeline *pipeline, weir_status outcome) {
    if (!set_cancelled(pipeline, outcome))
        return;
    wake_everybody(pipeline);
    drop_and_tell(pipeline);
}

/* Whether there is anything to drop. No queue takes an item any more (S1). */
static bool holds_items(const weir_pipeline *pipeline) {
    for (const weir_stage *stage = pipeline->first; stage != NULL; stage = stage->next) {
        if (!weir__stage_is_source(stage) && weir_queue_unfinished(stage->queue) > 0)
            return true;
    }
    return false;
}

/* While it is being started the end waits: only then is there something to join (is_busy_locked, in join.c). */
static bool start_dropper(weir_pipeline *pipeline) {
    weir__lock_acquire(&pipeline->lock);
    pipeline->starts_dropper = true;
    weir__lock_release(&pipeline->lock);
    pipeline->dropper = (weir__thread){.main = drop_and_tell, .arg = pipeline};
    strcpy(pipeline->dropper.name, "weir-drop");
    bool started = weir__thread_start(&pipeline->dropper);
    weir__lock_acquire(&pipeline->lock);
    pipeline->starts_dropper = false;
    pipeline->has_dropper = started;
    weir__park_release_all(&pipeline->changed, &pipeline->lock);
    return started;
}

/* For a thread that has a deadline: another one drops what is inside. Without one it has to. */
static void cancel_aside(weir_pipeline *pipeline, weir_status outcome) {
    if (!set_cancelled(pipeline, outcome))
        return;
    wake_everybody(pipeline);
    if (!holds_items(pipeline) || !start_dropper(pipeline))
        drop_and_tell(pipeline);
}

bool weir__dropper_join_until(weir_pipeline *pipeline, uint64_t deadline) {
    if (pipeline->has_dropper && !weir__thread_join_until(&pipeline->dropper, deadline))
        return false;
    pipeline->has_dropper = false;
    return true;
}

void weir__pipeline_fail(weir_pipeline *pipeline) {
    weir__pipeline_cancel_as(pipeline, WEIR_FAILED);
}

bool weir__pipeline_has_started(weir_pipeline *pipeline) {
    weir__lock_acquire(&pipeline->lock);
    bool started = pipeline->state != WEIR_RUN_READY;
    weir__lock_release(&pipeline->lock);
    return started;
}

weir_status weir_pipeline_cancel(weir_pipeline *pipeline) {
    if (pipeline == NULL || !weir__pipeline_has_started(pipeline))
        return weir__refuse_unstarted(pipeline, "cancel");
    weir__pipeline_cancel_as(pipeline, WEIR_CANCELLED);
    return WEIR_OK;
}

/* ---- helpers ---- */

bool weir__pipeline_claim_helper(weir_pipeline *pipeline, bool *has) {
    weir__lock_acquire(&pipeline->lock);
    bool running = pipeline->launched && pipeline->state != WEIR_RUN_OVER;
    bool claimed = running && !pipeline->finishing && !*has;
    if (claimed) {
        *has = true;
        pipeline->claims++;
    }
    weir__lock_release(&pipeline->lock);
    return claimed;
}

void weir__pipeline_end_claim(weir_pipeline *pipeline, bool *has, bool started) {
    weir__lock_acquire(&pipeline->lock);
    *has = started;
    pipeline->claims--;
    weir__park_release_all(&pipeline->changed, &pipeline->lock);
}

/* ---- waiting for the sources ---- */

static bool have_sources_ended(const weir_pipeline *pipeline) {
    for (const weir_stage *stage = pipeline->first; stage != NULL; stage = stage->next) {
        if (weir__stage_is_source(stage) && weir_queue_unfinished(stage->queue) > 0)
            return false;
    }
    return true;
}

/*
 * Why no source is called any more. With the lock, under which an end begins: so all that wait are told the same, however
 * soon the sources have returned.
 */
static weir_status why_sources_ended(weir_pipeline *pipeline) {
    weir__lock_acquire(&pipeline->lock);
    bool by_themselves = !weir__is_ending(pipeline) || pipeline->sources_ended;
    bool cancelled = weir__is_cancelled(pipeline);
    weir__lock_release(&pipeline->lock);
    if (cancelled)
        return WEIR_CANCELLED;
    return by_themselves ? WEIR_OK : WEIR_CLOSED;
}

static weir_status wait_for_sources(weir_pipeline *pipeline, weir_deadline deadline) {
    for (weir_stage *stage = pipeline->first; stage != NULL; stage = stage->next) {
        if (!weir__stage_is_source(stage))
            continue;
        weir_status status = weir__queue_join_unless(stage->queue, &pipeline->ending, deadline);
        if (status == WEIR_TIMEDOUT)
            return status;
        if (status == WEIR_CANCELLED)
            break;
    }
    return why_sources_ended(pipeline);
}

weir_status weir_pipeline_wait(weir_pipeline *pipeline, weir_deadline deadline) {
    if (pipeline == NULL || !weir__pipeline_has_started(pipeline))
        return weir__refuse_unstarted(pipeline, "wait");
    return weir__pipeline_is_self(pipeline) ? weir__refuse_inside(pipeline, "wait")
                                            : wait_for_sources(pipeline, deadline);
}

/* ---- the end ---- */

/* Whoever waits in a source, or for it, looks again. */
static void wake_source(weir_stage *stage) {
    if (!weir__stage_is_source(stage))
        return;
    weir__stage_wake(stage);
    weir__queue_wake_joiners(stage->queue);
}

void weir__pipeline_begin_end(weir_pipeline *pipeline) {
    weir__lock_acquire(&pipeline->lock);
    if (pipeline->state == WEIR_RUN_RUNNING)
        pipeline->state = WEIR_RUN_DRAINING;
    if (!weir__is_ending(pipeline))
        pipeline->sources_ended = have_sources_ended(pipeline);
    weir__u32_store_release(&pipeline->ending, 1);
    weir__event_happen(&pipeline->end_event);
    weir__park_release_all(&pipeline->changed, &pipeline->lock);
    weir__limits_close(&pipeline->limits, false);
    for (weir_stage *stage = pipeline->first; stage != NULL; stage = stage->next)
        wake_source(stage);
    if (pipeline->entrance != NULL)
        weir__queue_seal(pipeline->entrance->queue);
}

/* Waits until all that is in the stage is through; what leads to it is drained. */
static weir_status drain_stage(weir_stage *stage, weir_deadline deadline, const weir__u32 *interrupt) {
    weir_pipeline *pipeline = stage->pipeline;
    if (weir__stage_gathers(stage))
        weir__gather_end(stage);
    weir_status status = weir__queue_join_unless(stage->queue, interrupt, deadline);
    if (status != WEIR_TIMEDOUT && weir__is_cancelled(pipeline))
        return WEIR_CANCELLED;
    if (status == WEIR_TIMEDOUT || status == WEIR_CANCELLED)
        return WEIR_TIMEDOUT;
    weir__u32_store_release(&stage->closing, 1);
    return weir_queue_shutdown(stage->queue, WEIR_DRAIN);
}

weir_status weir__pipeline_drain(weir_pipeline *pipeline, weir_deadline deadline, const weir__u32 *interrupt) {
    weir_status status = WEIR_OK;
    for (size_t i = 0; i < pipeline->stage_count && status == WEIR_OK; i++)
        status = drain_stage(pipeline->order[i], deadline, interrupt);
    return status;
}

/* The earliest deadline so far; what makes it earlier after that interrupts. */
static weir_deadline read_due(weir_pipeline *pipeline) {
    weir__lock_acquire(&pipeline->lock);
    weir_deadline due = pipeline->due;
    weir__u32_store_release(&pipeline->hurried, weir__is_cancelled(pipeline));
    weir__lock_release(&pipeline->lock);
    return due;
}

/* By the earliest deadline. */
static weir_status drain_by_due(weir_pipeline *pipeline) {
    weir_status status;
    do
        status = weir__pipeline_drain(pipeline, read_due(pipeline), &pipeline->hurried);
    while (status == WEIR_TIMEDOUT && weir__u32_load_acquire(&pipeline->hurried) != 0);
    return status;
}

static bool is_over(weir_pipeline *pipeline) {
    weir__lock_acquire(&pipeline->lock);
    bool over = pipeline->state == WEIR_RUN_OVER;
    weir__lock_release(&pipeline->lock);
    return over;
}

/* Whether an item was dropped, in whichever thread and stage. All threads have ended. */
static bool has_dropped(const weir_pipeline *pipeline) {
    uint64_t dropped = weir__u64_load_acquire(&pipeline->roots[WEIR__DROPPED]);
    for (const weir_stage *stage = pipeline->first; stage != NULL; stage = stage->next) {
        dropped += weir__u64_load_acquire(&stage->counts[WEIR__DROPPED]);
        dropped += weir__u64_load_acquire(&stage->refused[WEIR__DROPPED]);
        for (size_t i = 0; i < stage->options.threads; i++)
            dropped += weir__u64_load_acquire(&stage->tasks[i].counts[WEIR__DROPPED]);
    }
    return dropped > 0;
}

/* A deadline at which nothing was left but sources that had nothing, or items that were done all the same, was kept. */
static bool was_in_time(weir_pipeline *pipeline) {
    weir__lock_acquire(&pipeline->errors.lock);
    bool failed = pipeline->errors.fatal != NULL;
    weir__lock_release(&pipeline->errors.lock);
    return !failed && !has_dropped(pipeline);
}

/* No thread of a stage is left: it is over. */
static void complete(weir_pipeline *pipeline) {
    shut_down_outputs(pipeline);
    weir__trace_end_aside(pipeline);
    bool in_time = was_in_time(pipeline);
    weir__lock_acquire(&pipeline->lock);
    if (pipeline->outcome == WEIR_TIMEDOUT && in_time)
        pipeline->outcome = WEIR_OK;
    pipeline->state = WEIR_RUN_OVER;
    pipeline->over = weir__clock_now();
    weir__park_release_all(&pipeline->changed, &pipeline->lock);
    weir__watch_leave(pipeline);
}

/* In the one that ends it, with the lock held: whether the threads that looked on are gone too. */
static bool is_over_locked(const weir_pipeline *pipeline) {
    bool rest = pipeline->show != NULL || pipeline->watch != NULL || pipeline->has_tracer;
    return pipeline->state == WEIR_RUN_OVER && !rest;
}

/* Makes the deadline of the one that ends it earlier. The lock is held before and after. */
static void hurry_locked(weir_pipeline *pipeline, weir_deadline deadline) {
    if (deadline >= pipeline->due)
        return;
    pipeline->due = deadline;
    weir__u32_store_release(&pipeline->hurried, 1);
    weir__park_release_all(&pipeline->changed, &pipeline->lock);
    for (weir_stage *stage = pipeline->first; stage != NULL; stage = stage->next)
        weir__queue_wake_joiners(stage->queue);
    weir__lock_acquire(&pipeline->lock);
}

/* Waits for the one that ends it, which keeps this deadline too; false: there is none. */
static bool wait_for_the_one_locked(weir_pipeline *pipeline, weir_deadline deadline) {
    uint64_t ends = pipeline->ends;
    if (!pipeline->finishing)
        return false;
    hurry_locked(pipeline, deadline);
    while (pipeline->ends == ends)
        weir__park_wait(&pipeline->changed, &pipeline->lock, WEIR_NEVER, NULL);
    return true;
}

/*
 * Makes this the thread that ends it; false: it is over, or another thread has tried that since, and `*status` is
 * what came of it. For a claim, which is as long as a thread's start, there is always time.
 */
static bool become_the_one(weir_pipeline *pipeline, weir_deadline deadline, weir_status *status) {
    weir__lock_acquire(&pipeline->lock);
    while (pipeline->claims > 0)
        weir__park_wait(&pipeline->changed, &pipeline->lock, WEIR_NEVER, NULL);
    bool waited = wait_for_the_one_locked(pipeline, deadline), over = pipeline->ended, mine = !over && !waited;
    *status = over ? pipeline->outcome : WEIR_BUSY;
    if (mine) {
        pipeline->finishing = true;
        pipeline->due = deadline;
    }
    weir__lock_release(&pipeline->lock);
    return mine;
}

static weir_status stop_being_the_one(weir_pipeline *pipeline) {
    weir__lock_acquire(&pipeline->lock);
    pipeline->ended = is_over_locked(pipeline);
    weir_status outcome = pipeline->ended ? pipeline->outcome : WEIR_BUSY;
    pipeline->finishing = false;
    pipeline->ends++;
    weir__park_release_all(&pipeline->changed, &pipeline->lock);
    return outcome;
}

/* A call that returns WEIR_BUSY has made the report that says why; if there is nothing to say, it tries itself. */
static weir_status end(weir_pipeline *pipeline, weir_deadline deadline, weir_report **report) {
    weir_status status;
    while (!become_the_one(pipeline, deadline, &status)) {
        if (status != WEIR_BUSY || weir__pipeline_is_late(pipeline, report))
            return status;
    }
    if (drain_by_due(pipeline) == WEIR_TIMEDOUT)
        cancel_aside(pipeline, WEIR_TIMEDOUT);
    if (weir__pipeline_join(pipeline, report)) {
        if (!is_over(pipeline)) /* after a WEIR_BUSY that was for the view it is */
            complete(pipeline);
        (void)weir__pipeline_join_view(pipeline, report);
    }
    return stop_being_the_one(pipeline);
}

weir_status weir_pipeline_finish(weir_pipeline *pipeline, weir_deadline deadline, weir_report **report) {
    if (report != NULL)
        *report = NULL;
    if (pipeline == NULL || !weir__pipeline_has_started(pipeline))
        return weir__refuse_unstarted(pipeline, "finish");
    weir__pipeline_begin_end(pipeline);
    weir_status status =
        weir__pipeline_is_self(pipeline) ? weir__refuse_inside(pipeline, "finish") : end(pipeline, deadline, report);
    if (status == WEIR_BUSY || report == NULL)
        return status;
    weir_status reported = weir_pipeline_report(pipeline, report);
    return reported == WEIR_OK || status == WEIR_DEADLOCK ? status : reported;
}

bool weir__pipeline_end_cancelled(weir_pipeline *pipeline) {
    cancel_aside(pipeline, WEIR_CANCELLED);
    return end(pipeline, 0, NULL) != WEIR_BUSY;
}

void weir__pipeline_undo(weir_pipeline *pipeline) {
    weir__pipeline_cancel_as(pipeline, WEIR_CANCELLED);
    weir__pipeline_join_all(pipeline);
    if (pipeline->started != 0)
        weir__trace_end(pipeline);
    weir__lock_acquire(&pipeline->lock);
    pipeline->state = WEIR_RUN_READY;
    weir__lock_release(&pipeline->lock);
}
