/*
 * watch.c - the thread that waits for the signals that end a pipeline.
 *
 * They are blocked everywhere, so that they wait for this thread: no handler, nothing that may be called in one only,
 * and nothing of the program's that is replaced. When the pipeline is over it is sent one of them itself, to its thread
 * alone.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "pipeline/pipeline.h"
#include "sync/signals.h"

struct weir__watch {
    weir__thread thread;
    weir_pipeline *pipeline;
    uint64_t drain;
    size_t count;
    int signals[];
};

static bool is_over(weir_pipeline *pipeline) {
    weir__lock_acquire(&pipeline->lock);
    bool over = pipeline->state == WEIR_RUN_OVER;
    weir__lock_release(&pipeline->lock);
    return over;
}

/*
 * Whether a signal has come before the deadline. The one that says that it is over is none: it is sent when that is so
 * already, so whoever has taken it for nothing sees that, and does not wait for another.
 */
static bool wait_for_signal(struct weir__watch *watch, weir_deadline deadline) {
    weir_pipeline *pipeline = watch->pipeline;
    int arrived = is_over(pipeline) ? 0 : weir__signals_wait(watch->signals, watch->count, deadline);
    if (arrived == 0 || is_over(pipeline))
        return false;
    if (weir__u64_load_relaxed(&pipeline->signal) == 0)
        weir__u64_store_relaxed(&pipeline->signal, (uint64_t)arrived);
    return true;
}

/*
 * Drains, for whoever calls finish may do so later only, and listens for a second signal now and then meanwhile. When
 * all is through, there is time for that.
 */
static void drain_or_cancel(struct weir__watch *watch) {
    static const uint64_t now_and_then = 50 * WEIR_MILLISECOND;
    weir_deadline limit = weir_deadline_after(watch->drain);
    weir_status status;
    bool again = false;
    do {
        weir_deadline next = weir_deadline_after(now_and_then);
        status = weir__pipeline_drain(watch->pipeline, next < limit ? next : limit);
    } while (status == WEIR_TIMEDOUT && !(again = wait_for_signal(watch, 0)) && weir__clock_now() < limit);
    if (status != WEIR_TIMEDOUT)
        again = wait_for_signal(watch, WEIR_NEVER);
    if (again || status == WEIR_TIMEDOUT)
        weir__pipeline_cancel_as(watch->pipeline, again ? WEIR_CANCELLED : WEIR_TIMEDOUT);
}

static void run(void *raw) {
    struct weir__watch *watch = raw;
    if (!wait_for_signal(watch, WEIR_NEVER))
        return;
    weir__pipeline_begin_end(watch->pipeline);
    drain_or_cancel(watch);
}

static weir_status start(weir_pipeline *pipeline, const int *signals, size_t count, uint64_t drain) {
    struct weir__watch *watch = weir__alloc(sizeof *watch + count * sizeof *signals);
    if (watch == NULL)
        return WEIR_NOMEM;
    watch->pipeline = pipeline;
    watch->drain = drain;
    watch->count = count;
    memcpy(watch->signals, signals, count * sizeof *signals);
    watch->thread = (weir__thread){.main = run, .arg = watch};
    strcpy(watch->thread.name, "weir-watch");
    if (weir__thread_start(&watch->thread)) {
        pipeline->watch = watch;
        weir__ptr_store_relaxed(&pipeline->watch_thread, &watch->thread);
        return WEIR_OK;
    }
    weir__free(watch);
    return WEIR_NOTHREAD;
}

weir_status weir_pipeline_end_on(weir_pipeline *pipeline, const int *signals, size_t count, uint64_t drain) {
    if (pipeline == NULL || signals == NULL || count == 0 || count > 64)
        return WEIR_INVALID;
    if (!weir__signals_are_blocked(signals, count) || !weir__pipeline_claim_helper(pipeline, &pipeline->has_watch))
        return WEIR_INVALID;
    weir_status status = start(pipeline, signals, count, drain);
    weir__pipeline_end_claim(pipeline, &pipeline->has_watch, status == WEIR_OK);
    return status;
}

void weir__watch_end(weir_pipeline *pipeline) {
    struct weir__watch *watch = pipeline->watch;
    if (watch == NULL)
        return;
    weir__signals_send(&watch->thread, watch->signals[0]);
    weir__thread_join(&watch->thread);
    weir__free(watch);
    pipeline->watch = NULL;
    weir__ptr_store_relaxed(&pipeline->watch_thread, NULL);
}
