/*
 * join.c - Waits for the threads of a pipeline, up to a limit, and joins them.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/run/join.h"

#include "pipeline/observe/show.h"
#include "pipeline/observe/trace.h"
#include "pipeline/outcome/cancel.h"
#include "pipeline/run/watch.h"
#include "pipeline/state/callback.h"
#include "pipeline/waits/pending.h"
#include "stoppable_worker/start.h"

struct wait {
    weir_pipeline *pipeline;
    uint64_t limit;
    weir_deadline due; /* last reading of the pipeline's `due` */
    bool cancelled;    /* `limit` is the limit of a cancel */
    uint64_t since;    /* time at which that was seen */
    weir_report **report;
};

static const uint64_t between_looks = WEIR_MILLISECOND;

/* Minimum limit for threads past all functions, and while there are graced ones. */
static const uint64_t time_to_exit = 100 * WEIR_MILLISECOND;

static uint64_t later(uint64_t a, uint64_t b) {
    return a > b ? a : b;
}

static uint64_t earlier(uint64_t a, uint64_t b) {
    return a < b ? a : b;
}

static struct wait begin(weir_pipeline *pipeline, weir_report **report) {
    return (struct wait){.pipeline = pipeline, .limit = WEIR_NEVER, .due = WEIR_NEVER, .report = report};
}

/*
 * Reads the deadline and the cancel. If the run was cancelled or the deadline moved, sets the limit: functions have
 * their grace from now on.
 */
static void look_again_locked(struct wait *wait) {
    weir_pipeline *pipeline = wait->pipeline;
    uint64_t least = weir_deadline_after(pipeline->options.grace);
    if (!wait->cancelled && pipeline->due < wait->due) {
        wait->due = pipeline->due;
        wait->limit = later(wait->due, least);
    }
    if (!wait->cancelled && weir__is_cancelled(pipeline)) {
        wait->cancelled = true;
        wait->limit = least;
        wait->since = weir__clock_now();
    }
    if (wait->cancelled && pipeline->graced > 0) { /* D9 */
        uint64_t most = wait->since > WEIR_NEVER - pipeline->allowance ? WEIR_NEVER : wait->since + pipeline->allowance;
        uint64_t anew = later(least, weir_deadline_after(time_to_exit));
        wait->limit = later(wait->limit, earlier(anew, most));
    }
}

static void look_again(struct wait *wait) {
    weir__lock_acquire(&wait->pipeline->lock);
    look_again_locked(wait);
    weir__lock_release(&wait->pipeline->lock);
}

/*
 * Whether a report names a late thread. If so, passes that report to the caller. Returns true without a report if there
 * is no memory for one.
 */
static bool is_late(struct wait *wait) {
    weir_report *report;
    if (weir_pipeline_report(wait->pipeline, &report) != WEIR_OK)
        return true;
    bool late = report->late_count > 0;
    if (late && wait->report != NULL)
        *wait->report = report;
    else
        weir_report_free(report);
    return late;
}

/* Stores, for threads that wait for this end, whether it was late at threads past all functions. Returns false. */
static bool tell_late(struct wait *wait, bool exit) {
    weir__lock_acquire(&wait->pipeline->lock);
    wait->pipeline->late_exit = exit;
    weir__lock_release(&wait->pipeline->lock);
    return false;
}

/* ---- functions ---- */

static bool is_busy_locked(const weir_pipeline *pipeline) {
    return pipeline->running > 0 || pipeline->cancelling || pipeline->starts_dropper;
}

/*
 * Blocks until no thread is busy, or until the limit. After the limit, blocks for at most a millisecond. Returns
 * whether a thread is still busy.
 */
static bool wait_a_while(struct wait *wait) {
    weir_pipeline *pipeline = wait->pipeline;
    weir__lock_acquire(&pipeline->lock);
    look_again_locked(wait);
    uint64_t until = later(wait->limit, weir_deadline_after(between_looks));
    if (weir__clock_now() < wait->limit)
        until = wait->limit;
    if (is_busy_locked(pipeline))
        weir__park_wait(&pipeline->changed, &pipeline->lock, until, NULL);
    bool busy = is_busy_locked(pipeline);
    weir__lock_release(&pipeline->lock);
    return busy;
}

static bool wait_for_functions(struct wait *wait) {
    while (wait_a_while(wait)) {
        look_again(wait);
        if (weir__clock_now() >= wait->limit && is_late(wait))
            return tell_late(wait, false);
    }
    return true;
}

/* ---- threads ---- */

/* Marks the workers that have not ended as at their exit, for reports. Clears the mark of joined workers. */
static void mark_exits(weir_stage *stage) {
    for (size_t i = 0; i < stage->options.threads.max; i++) {
        weir__lane *lane = &stage->lanes[i];
        if (weir__u64_load_acquire(&lane->started) == 0)
            continue;
        bool gone = weir__worker_is_joined(lane->worker);
        weir__u32_store_relaxed(&lane->visit.where, gone ? WEIR_IN_FUNCTION : WEIR_AT_EXIT);
        weir__u64_store_release(&lane->visit.since, gone ? 0 : weir__u64_load_acquire(&lane->ended));
    }
}

static bool join_workers(weir_pipeline *pipeline, uint64_t limit) {
    bool all = true;
    for (weir_stage *stage = pipeline->first; stage != NULL; stage = stage->next) {
        if (stage->group == NULL || weir__group_join_until(stage->group, limit)) /* the lanes stay: reports read them */
            continue;
        mark_exits(stage);
        all = false;
    }
    return all;
}

static bool join_timers_and_dropper(weir_pipeline *pipeline, uint64_t limit) {
    weir__timers_end(&pipeline->timers);
    return weir__timers_join_until(&pipeline->timers, limit) && weir__dropper_join_until(pipeline, limit);
}

/*
 * Whether a helper is late. If it is in no function, it is past all functions: the report then names a thread at its
 * exit.
 */
static bool helper_is_late(struct wait *wait) {
    weir__visit visit = {.listed = false};
    if (is_late(wait))
        return true;
    weir__visit_enter_listed(&visit, wait->pipeline);
    weir__u32_store_relaxed(&visit.where, WEIR_AT_EXIT);
    weir__u64_store_release(&visit.since, weir__clock_now());
    bool late = is_late(wait);
    weir__visit_leave(&visit);
    return late;
}

/*
 * Joins threads by `join`. Returns false if the limit has passed and `names_late` finds a late thread. Waits in slices,
 * because a cancel or an earlier deadline may change the limit.
 */
static bool join_by(struct wait *wait, bool (*join)(weir_pipeline *, uint64_t), bool (*names_late)(struct wait *)) {
    uint64_t exit = weir_deadline_after(time_to_exit);
    for (;;) {
        look_again(wait);
        uint64_t limit = later(wait->limit, exit), slice = weir_deadline_after(time_to_exit);
        uint64_t least = weir_deadline_after(between_looks); /* past the limit, while the report names no thread */
        if (join(wait->pipeline, slice < limit ? slice : later(limit, least)))
            return true;
        look_again(wait);
        if (weir__clock_now() >= later(wait->limit, exit) && names_late(wait))
            return tell_late(wait, names_late == helper_is_late);
    }
}

bool weir__join(weir_pipeline *pipeline, weir_report **report) {
    struct wait wait = begin(pipeline, report);
    return wait_for_functions(&wait) && join_by(&wait, weir__pending_await, is_late) &&
           join_by(&wait, join_workers, is_late) && join_by(&wait, join_timers_and_dropper, helper_is_late);
}

/* Blocks until no worker runs, and no stage on a crew. */
static void wait_for_running(weir_pipeline *pipeline) {
    weir__lock_acquire(&pipeline->lock);
    while (pipeline->running > 0)
        weir__park_wait(&pipeline->changed, &pipeline->lock, WEIR_NEVER, NULL);
    weir__lock_release(&pipeline->lock);
}

void weir__join_all(weir_pipeline *pipeline) {
    wait_for_running(pipeline);
    (void)weir__pending_await(pipeline, weir_deadline_after(pipeline->options.grace));
    (void)join_workers(pipeline, WEIR_NEVER);
    (void)join_timers_and_dropper(pipeline, WEIR_NEVER);
}

static bool join_rest(weir_pipeline *pipeline, uint64_t limit) {
    return weir__show_end(pipeline, limit) && weir__watch_end(pipeline, limit) &&
           weir__trace_join_until(pipeline, limit);
}

bool weir__join_helpers(weir_pipeline *pipeline, weir_report **report) {
    struct wait wait = begin(pipeline, report);
    return join_by(&wait, join_rest, helper_is_late);
}

bool weir__is_late(weir_pipeline *pipeline, weir_report **report) {
    struct wait wait = begin(pipeline, report);
    weir__lock_acquire(&pipeline->lock);
    bool exit = pipeline->late_exit;
    weir__lock_release(&pipeline->lock);
    return exit ? helper_is_late(&wait) : is_late(&wait);
}
