/*
 * feed.c - Feeds items to stages upstream: implements weir_task_feed.
 *
 * A fed item is a root of its own. It enters its stage before the item of the call is settled there, so a stage with an
 * item upstream of a feeder is not idle (idle.h).
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/call/root.h"
#include "pipeline/declare/feedback.h"
#include "pipeline/outcome/requeue.h"
#include "pipeline/state/callback.h"
#include "pipeline/state/pipeline.h"
#include "pipeline/state/refuse.h"
#include "report/figure.h"

/* Whether a fed item is counted in the lane as having entered the pipeline. The entrance's queue counts its own. */
static bool counts_here(const weir_stage *to) {
    return to != to->pipeline->entrance;
}

/* Refuses a feed that no stage may make, or not to that stage. Returns WEIR_OK if it is allowed. */
static weir_status check(const weir_stage *from, const weir_stage *to, bool makes_roots) {
    const weir_pipeline *pipeline = from->pipeline;
    if (makes_roots)
        return weir__refuse(pipeline, WEIR_INVALID, from->name, "feed: only run and run_batch may feed");
    if (to != from && !weir__feedback_has(from, to))
        return weir__refuse(pipeline, WEIR_INVALID, from->name, "feed: it is not connected back to %s%.100s",
                            to->pipeline == pipeline ? "stage " : "a stage of another pipeline, ", to->name);
    if (to->inherits)
        return weir__refuse(pipeline, WEIR_INVALID, from->name,
                            "feed: it shares the reordering of the stage before: connect it back to itself");
    return WEIR_OK;
}

/* Drops an item that the queue has refused after a cancel. The stage and the pipeline count it as dropped. */
static void drop_fed(weir__lane *lane, weir_stage *to, weir__envelope *envelope) {
    if (!counts_here(to))
        weir__count(&lane->fed, 1); /* S3 */
    weir__count_shared(&to->refused[WEIR__DROPPED], 1);
    weir__drop_item(to, envelope->item);
    weir__piece_end(to->pipeline, lane, envelope, WEIR__DROPPED);
}

/* Takes back a feed that the queue has refused without a cancel. Nothing has entered. */
static weir_status undo(weir__lane *lane, weir_stage *to, weir__envelope *envelope) {
    weir__flight *flight = &to->pipeline->flight;
    if (counts_here(to))
        weir__count(&lane->fed, UINT64_MAX);
    if (flight->admission.limited)
        weir__admission_leave(&flight->admission, (weir__load){1, envelope->weight});
    weir__envelope_free(flight, &lane->account, envelope);
    return WEIR_CLOSED;
}

static weir_status feed(weir__lane *lane, weir_stage *to, weir__envelope *envelope) {
    weir__flight *flight = &to->pipeline->flight;
    envelope->stage = to;
    envelope->weight = weir__weigh(to->pipeline, envelope->item);
    if (flight->admission.limited)
        weir__admission_force(&flight->admission, envelope->weight);
    if (counts_here(to))
        weir__count(&lane->fed, 1); /* S3 */
    if (weir__requeue_fed(envelope))
        return WEIR_OK;
    if (!weir__is_cancelled(to->pipeline))
        return undo(lane, to, envelope);
    drop_fed(lane, to, envelope);
    return WEIR_OK;
}

weir_status weir_task_feed(weir_task *task, weir_stage *stage, void *item) {
    if (task == NULL || !task->lane->inside)
        return WEIR_INVALID;
    weir_stage *from = task->stage, *to = stage == NULL ? from : stage;
    weir_status status = check(from, to, weir__makes_roots(task->lane));
    if (status != WEIR_OK)
        return status;
    weir__envelope *envelope = weir__envelope_new(&from->pipeline->flight, &task->lane->account, item);
    if (envelope == NULL)
        return weir__refuse(from->pipeline, WEIR_NOMEM, from->name, "feed: cannot allocate %s for items",
                            weir__figure_bytes(WEIR__SLAB).text);
    return feed(task->lane, to, envelope);
}
