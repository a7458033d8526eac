/*
 * exit.c - Fails the call that a worker's function was in when it ended the thread.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/call/exit.h"

#include "pipeline/call/answer.h"
#include "pipeline/call/complete.h"
#include "pipeline/call/detach.h"
#include "pipeline/call/root.h"
#include "pipeline/observe/timing.h"
#include "pipeline/outcome/outcome.h"
#include "pipeline/outcome/retire.h"
#include "pipeline/state/callback.h"
#include "pipeline/state/pipeline.h"
#include "pipeline/waits/own_wait.h"

/* Fails an item without an envelope, or a call without an item, which counts as one entered and one failed (S3). */
static void fail_plain(weir__lane *lane) {
    if (weir__makes_roots(lane))
        weir__count(&lane->failed_calls, 1);
    else
        weir__drop_item(lane->stage, lane->item);
    weir__count_retired(lane->stage, lane, WEIR__FAILED, 1);
}

/* Fails the item or batch that the lane holds. Also drops its items that entered by their keys and will not run. */
static void fail_held(weir__lane *lane) {
    weir__envelope *envelope;
    if (lane->slot == NULL || !weir__detach_exit(lane, lane->task.envelope))
        weir__complete_abandoned(lane, &lane->task);
    while ((envelope = weir__list_take(&lane->ready)) != NULL)
        weir__retire_dropped(lane->stage, lane, envelope);
}

/* Fails what the lane holds. Returns WEIR__KEPT if the worker must not settle that. */
static void *abandon_call(weir__lane *lane) {
    bool enveloped = lane->task.envelope != NULL;
    weir__timing_end(lane);
    weir__add_exit_error(lane->stage, weir_task_attempt(&lane->task));
    if (enveloped)
        fail_held(lane);
    else
        fail_plain(lane);
    return enveloped && !lane->owes ? WEIR__KEPT : NULL;
}

void *weir__exit(void *state, bool early) {
    weir__lane *lane = state;
    void *kept = NULL;
    weir__visit_end_inner(&lane->visit);
    if (!early)
        return NULL;
    lane->runs = false;
    weir__answer_give_back(lane);
    if (lane->inside)
        kept = abandon_call(lane);
    else
        weir__add_exit_error(lane->stage, 1); /* another callback; a run that lacks a worker must not go on */
    weir__fail_run(lane->stage->pipeline);
    weir__own_wait_end(lane); /* only this thread asks its operations, and runs the loop that finishes them */
    return kept;
}

void weir__exit_in_init(weir__lane *lane) {
    weir__u64_store_relaxed(&lane->visit.since, 0);
    weir__add_exit_error(lane->stage, 1);
    weir__fail_run(lane->stage->pipeline);
}
