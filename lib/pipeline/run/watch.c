/*
 * watch.c - Ends a pipeline by signals.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/run/watch.h"

#include <string.h>

#include "pipeline/observe/helper.h"
#include "pipeline/outcome/cancel.h"
#include "pipeline/run/dispatch.h"
#include "pipeline/run/drain.h"
#include "pipeline/run/ender.h"
#include "pipeline/state/refuse.h"
#include "sync/signals.h"

enum { MOST_SIGNALS = 64, TAKEN = 2 }; /* the first signal finishes, the second cancels */

struct weir__watch {
    weir__listener listener; /* first member */
    weir__thread thread;
    weir_pipeline *pipeline;
    uint64_t drain;
    unsigned arrived; /* number of signals that have arrived; under the pipeline's lock */
    bool given_up;    /* no signal will arrive; under the pipeline's lock */
    unsigned seen;    /* number of signals that the thread has acted on; used by that thread only */
    int signals[];
};

/*
 * Counts a signal, and wakes the thread. A second signal interrupts a drain by this thread. Runs on the dispatcher's
 * thread.
 */
static bool tell(weir__listener *listener, int signal) {
    struct weir__watch *watch = (struct weir__watch *)listener;
    weir_pipeline *pipeline = watch->pipeline;
    weir__lock_acquire(&pipeline->lock);
    bool over = pipeline->state == WEIR_RUN_OVER;
    if (!over && watch->arrived++ == 0)
        weir__u64_store_relaxed(&pipeline->signal, (uint64_t)signal);
    listener->deaf = over || watch->arrived == TAKEN;
    weir__u32_store_release(&pipeline->hurried, 1); /* D2: the ender looks again */
    weir__park_release_all(&pipeline->changed, &pipeline->lock);
    weir__drain_interrupt(pipeline);
    return !over;
}

static bool is_over_locked(const struct weir__watch *watch) {
    return watch->given_up || watch->pipeline->state == WEIR_RUN_OVER;
}

/* Blocks until a further signal arrives. Returns false if the run is over, or the deadline has passed. */
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
 * D1. Drains as the ender by the earliest deadline, until a further signal arrives. Returns true if a signal has
 * arrived. Checks for a signal after weir__ender_due has cleared `hurried`, so no signal is missed.
 */
static bool drain(struct weir__watch *watch, weir_status *status) {
    do {
        weir_deadline due = weir__ender_due(watch->pipeline);
        *status = WEIR_TIMEDOUT;
        if (wait_for_signal(watch, 0))
            return true;
        *status = weir__drain(watch->pipeline, due);
    } while (*status == WEIR_TIMEDOUT && weir__u32_load_acquire(&watch->pipeline->hurried) != 0);
    return false;
}

/*
 * Drains, because the program may call finish later, or never. The deadline of the signals also binds the drain of a
 * thread in finish. The thread stops being the ender before it calls drop functions: a thread in finish waits for these
 * only as long as its own deadline and grace allow. Returns true if the drain has timed out, or a signal has
 * interrupted it.
 */
static bool drain_or_cancel(struct weir__watch *watch) {
    weir_pipeline *pipeline = watch->pipeline;
    weir_status status;
    if (!weir__ender_try(pipeline, weir_deadline_after(watch->drain)))
        return false;
    bool again = drain(watch, &status);
    bool cancels = status == WEIR_TIMEDOUT && weir__cancel_begin(pipeline, again ? WEIR_CANCELLED : WEIR_TIMEDOUT);
    weir__ender_stop(pipeline);
    if (cancels)
        weir__cancel_drop(pipeline);
    return status == WEIR_TIMEDOUT;
}

/* Runs the thread of the signals. After a complete drain, a second signal still cancels. */
static void run(void *raw) {
    struct weir__watch *watch = raw;
    if (!wait_for_signal(watch, WEIR_NEVER))
        return;
    weir__drain_begin(watch->pipeline);
    if (!drain_or_cancel(watch) && wait_for_signal(watch, WEIR_NEVER))
        weir__cancel_as(watch->pipeline, WEIR_CANCELLED);
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

/* Starts the thread, and then adds the listener. Once the listener is added nothing can fail, so no signal is lost. */
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
    return weir__refuse(pipeline, WEIR_NOTHREAD, NULL, "end_on: cannot create a thread");
}

static weir_status check_signals(const weir_pipeline *pipeline, const int *signals, size_t count) {
    if (signals == NULL)
        return weir__refuse(pipeline, WEIR_INVALID, NULL, "end_on: signals is NULL");
    if (count == 0 || count > MOST_SIGNALS)
        return weir__refuse(pipeline, WEIR_INVALID, NULL, "end_on: count must be between 1 and %d, and is %zu",
                            MOST_SIGNALS, count);
    for (size_t i = 0; i < count; i++) {
        if (!weir__signal_is_blocked(signals[i]))
            return weir__refuse(
                pipeline, WEIR_INVALID, NULL,
                "end_on: signals[%zu] is %d: it must be a valid signal, blocked in this thread, and not "
                "synchronous as SIGSEGV is",
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
    if (!weir__helper_claim(pipeline, &pipeline->has_watch))
        return weir__helper_refuse(pipeline, &pipeline->has_watch, "end_on");
    weir_status status = start(pipeline, signals, count, drain);
    weir__helper_claimed(pipeline, &pipeline->has_watch, status == WEIR_OK);
    return status;
}

void weir__watch_leave(weir_pipeline *pipeline) {
    if (pipeline->watch != NULL)
        weir__dispatch_leave(&pipeline->watch->listener);
}

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
