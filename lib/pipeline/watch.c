/*
 * watch.c - Implements the end of a pipeline by signals.
 *
 * The signals are blocked everywhere: no handler, nothing that may be called in one only, and nothing of the program's
 * that is replaced. One thread waits for them, for all pipelines (dispatch.c), and counts them for each of them, under
 * the pipeline's lock. A thread of the pipeline's own does what they ask for: it drains, and calls drop functions, which
 * may take long.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "pipeline/dispatch.h"
#include "pipeline/pipeline.h"
#include "sync/signals.h"

enum { MOST_SIGNALS = 64, TAKEN = 2 }; /* the first one finishes, the second one cancels */

struct weir__watch {
    weir__listener listener; /* first */
    weir__thread thread;
    weir_pipeline *pipeline;
    uint64_t drain;
    unsigned arrived; /* signals, under the pipeline's lock */
    bool given_up;    /* it will not be told of any; under the same lock */
    unsigned seen;    /* the thread's own: how many of them it has dealt with */
    int signals[];
};

/* A third signal, and one that finds the pipeline over, is left to the process. */
static bool tell(weir__listener *listener, int signal) {
    struct weir__watch *watch = (struct weir__watch *)listener;
    weir_pipeline *pipeline = watch->pipeline;
    weir__lock_acquire(&pipeline->lock);
    bool over = pipeline->state == WEIR_RUN_OVER;
    if (!over) {
        if (watch->arrived++ == 0)
            weir__u64_store_relaxed(&pipeline->signal, (uint64_t)signal);
    }
    listener->deaf = over || watch->arrived == TAKEN;
    weir__park_release_all(&pipeline->changed, &pipeline->lock);
    return !over;
}

static bool is_over_locked(const struct weir__watch *watch) {
    return watch->given_up || watch->pipeline->state == WEIR_RUN_OVER;
}

/* Waits for a further signal; false: the pipeline is over, or the deadline has passed. */
static bool wait_for_signal(struct weir__watch *watch, weir_deadline deadline) {
    weir_pipeline *pipeline = watch->pipeline;
    bool in_time = deadline != 0;
    weir__lock_acquire(&pipeline->lock);
    while (watch->arrived == watch->seen && !is_over_locked(watch) && in_time)
        in_time = weir__park_wait(&pipeline->changed, &pipeline->lock, deadline, NULL);
    bool came = watch->arrived > watch->seen && !is_over_locked(watch);
    watch->seen += came;
    weir__lock_release(&pipeline->lock);
    return came;
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
        status = weir__pipeline_drain(watch->pipeline, next < limit ? next : limit, &watch->pipeline->cancelled);
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

static struct weir__watch *new_watch(weir_pipeline *pipeline, const int *signals, size_t count, uint64_t drain) {
    struct weir__watch *watch = weir__alloc(sizeof *watch + count * sizeof *signals);
    if (watch == NULL)
        return NULL;
    watch->listener = (weir__listener){.signals = watch->signals, .count = count, .tell = tell};
    watch->pipeline = pipeline;
    watch->drain = drain;
    memcpy(watch->signals, signals, count * sizeof *signals);
    watch->thread = (weir__thread){.main = run, .arg = watch};
    strcpy(watch->thread.name, "weir-watch");
    return watch;
}

static void give_up(struct weir__watch *watch) {
    weir__lock_acquire(&watch->pipeline->lock);
    watch->given_up = true;
    weir__park_release_all(&watch->pipeline->changed, &watch->pipeline->lock);
    weir__thread_join(&watch->thread);
}

/* The thread first: once it is told of signals, nothing can fail, and none is lost. */
static weir_status start(weir_pipeline *pipeline, const int *signals, size_t count, uint64_t drain) {
    struct weir__watch *watch = new_watch(pipeline, signals, count, drain);
    if (watch == NULL)
        return weir__refuse_memory(pipeline, WEIR_NOMEM, NULL, "end_on: count", count, sizeof *signals);
    if (!weir__thread_start(&watch->thread))
        goto free_watch;
    if (!weir__dispatch_join(&watch->listener))
        goto give_up;
    pipeline->watch = watch;
    return WEIR_OK;

give_up:
    give_up(watch);
free_watch:
    weir__free(watch);
    return weir__refuse(pipeline, WEIR_NOTHREAD, NULL, "end_on: the system would not create a thread");
}

static weir_status check_signals(const weir_pipeline *pipeline, const int *signals, size_t count) {
    if (signals == NULL)
        return weir__refuse(pipeline, WEIR_INVALID, NULL, "end_on: signals is NULL");
    if (count == 0 || count > MOST_SIGNALS)
        return weir__refuse(pipeline, WEIR_INVALID, NULL, "end_on: count is %zu: it must be from 1 to %d", count,
                            MOST_SIGNALS);
    for (size_t i = 0; i < count; i++) {
        if (!weir__signal_is_blocked(signals[i]))
            return weir__refuse(pipeline, WEIR_INVALID, NULL,
                                "end_on: signals[%zu] is %d, which is no signal, is not blocked in this thread, or is "
                                "one that a thread causes itself",
                                i, signals[i]);
    }
    return WEIR_OK;
}

weir_status weir_pipeline_end_on(weir_pipeline *pipeline, const int *signals, size_t count, uint64_t drain) {
    if (pipeline == NULL)
        return weir__refuse_null("end_on");
    weir_status refused = check_signals(pipeline, signals, count);
    if (refused != WEIR_OK)
        return refused;
    if (!weir__pipeline_claim_helper(pipeline, &pipeline->has_watch))
        return weir__refuse_helper(pipeline, &pipeline->has_watch, "end_on");
    weir_status status = start(pipeline, signals, count, drain);
    weir__pipeline_end_claim(pipeline, &pipeline->has_watch, status == WEIR_OK);
    return status;
}

void weir__watch_leave(weir_pipeline *pipeline) {
    if (pipeline->watch != NULL)
        weir__dispatch_leave(&pipeline->watch->listener);
}

/* The thread has seen that the pipeline is over; what it has dropped may have left it something to destroy. */
bool weir__watch_end(weir_pipeline *pipeline, uint64_t deadline) {
    struct weir__watch *watch = pipeline->watch;
    if (watch == NULL)
        return true;
    if (!weir__thread_join_until(&watch->thread, deadline))
        return false;
    weir__free(watch);
    pipeline->watch = NULL;
    return true;
}
