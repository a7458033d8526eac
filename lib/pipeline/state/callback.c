/*
 * callback.c - Begins and ends visits, and the calls of the program's functions within them.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/state/callback.h"

#include <string.h>

#include "closable_queue/drop.h"
#include "pipeline/state/lane_clock.h"
#include "pipeline/state/pipeline.h"
#include "sync/border.h"

enum { VISITING = 1 };

/* ---- visits ---- */

void weir__visit_enter(weir__visit *visit, weir_pipeline *pipeline) {
    visit->pipeline = pipeline;
    weir__callout_begin(&visit->callout, pipeline, VISITING);
}

void weir__visit_enter_listed(weir__visit *visit, weir_pipeline *pipeline) {
    weir__visit_enter(visit, pipeline);
    visit->listed = true;
    weir__lock_acquire(&pipeline->lock);
    visit->next = pipeline->visits;
    pipeline->visits = visit;
    weir__lock_release(&pipeline->lock);
}

static void unlist(weir__visit *visit) {
    weir_pipeline *pipeline = visit->pipeline;
    weir__lock_acquire(&pipeline->lock);
    weir__visit **at = &pipeline->visits;
    while (*at != visit)
        at = &(*at)->next;
    *at = visit->next;
    weir__lock_release(&pipeline->lock);
}

void weir__visit_leave(weir__visit *visit) {
    weir__callout_end(&visit->callout);
    if (visit->listed)
        unlist(visit);
}

void weir__visit_end_inner(weir__visit *own) {
    weir__callout_unwind_to(&own->callout);
}

weir__visit *weir__visit_find(const weir_pipeline *pipeline) {
    return (weir__visit *)weir__callout_find(pipeline, VISITING); /* `callout` is the first member */
}

/* ---- calls ---- */

/* V3. Whether reports see the visit. */
static bool is_seen(const weir__visit *visit) {
    return visit->listed || visit->lane != NULL;
}

/*
 * Begins a visit of the thread's own. A visit for a drop function is listed: an end waits for such functions on any
 * thread.
 */
static weir__visit *enter_own(weir__visit *own, weir_pipeline *pipeline, weir_place where) {
    memset(own, 0, sizeof *own);
    if (where == WEIR_IN_DROP)
        weir__visit_enter_listed(own, pipeline);
    else
        weir__visit_enter(own, pipeline);
    return own;
}

void weir__callback_begin(weir__callback *call, weir_pipeline *pipeline, weir_stage *stage, weir_place where) {
    weir__visit *visit = weir__visit_find(pipeline);
    if (visit == NULL || (where == WEIR_IN_DROP && !is_seen(visit)))
        visit = enter_own(&call->own, pipeline, where);
    else
        call->cancellable = weir__uncancellable_begin(); /* the function around it may have enabled cancellation */
    call->visit = visit;
    call->since = weir__u64_load_relaxed(&visit->since);
    call->where = weir__u32_load_relaxed(&visit->where);
    call->stage = weir__ptr_load_relaxed(&visit->stage);
    bool quick = where == WEIR_IN_CALLBACK && visit->lane != NULL;
    weir__ptr_store_relaxed(&visit->stage, stage);
    weir__u32_store_relaxed(&visit->where, (uint32_t)where);
    weir__u64_store_release(&visit->since, quick ? weir__lane_recent(visit->lane) : weir__clock_now());
    if (visit->lane != NULL)
        visit->lane->fresh = false;
}

void weir__callback_end(weir__callback *call) {
    weir__visit *visit = call->visit;
    weir__u64_store_release(&visit->since, call->since);
    weir__u32_store_relaxed(&visit->where, call->where);
    weir__ptr_store_relaxed(&visit->stage, call->stage);
    if (visit == &call->own)
        weir__visit_leave(visit);
    else
        weir__uncancellable_end(call->cancellable);
}

uint64_t weir__weigh(weir_pipeline *pipeline, const void *item) {
    const weir_pipeline_options *options = &pipeline->options;
    weir__callback call;
    if (options->weigh == NULL)
        return 0;
    weir__callback_begin(&call, pipeline, NULL, WEIR_IN_CALLBACK);
    uint64_t weight = options->weigh(item, options->weigh_arg);
    weir__border();
    weir__callback_end(&call);
    return weight;
}

void weir__drop_item(weir_stage *stage, void *item) {
    weir__callback call;
    if (stage->options.input.drop == NULL)
        return;
    weir__callback_begin(&call, stage->pipeline, stage, WEIR_IN_DROP);
    stage->options.input.drop(item, stage->options.work.arg);
    weir__border();
    weir__callback_end(&call);
}

void weir__drop_left(weir_stage *from, void *result) {
    weir__callback call;
    weir__callback_begin(&call, from->pipeline, from, WEIR_IN_DROP);
    weir__queue_drop(from->options.output.results, result);
    weir__callback_end(&call);
}
