/*
 * finish.c - Ends pipelines: implements weir_pipeline_finish and weir_pipeline_destroy.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/declare/outputs.h"
#include "pipeline/observe/trace.h"
#include "pipeline/outcome/cancel.h"
#include "pipeline/run/drain.h"
#include "pipeline/run/ender.h"
#include "pipeline/run/join.h"
#include "pipeline/run/watch.h"
#include "pipeline/state/phase.h"
#include "pipeline/state/refuse.h"
#include "pipeline/waits/pending.h"
#include "pipeline/workers/lanes.h"
#include "pipeline/workers/on_crew.h"

/* Completes the run. All workers must have been joined. */
static void complete(weir_pipeline *pipeline) {
    weir__outputs_leave(pipeline, true);
    weir__trace_end_aside(pipeline);
    weir__phase_over(pipeline);
    weir__watch_leave(pipeline);
}

/* Drains, cancels if the drain times out, and joins. The caller must be the ender. */
static weir_status end_as_ender(weir_pipeline *pipeline, weir_report **report) {
    if (weir__ender_drain(pipeline) == WEIR_TIMEDOUT && weir__cancel_begin(pipeline, WEIR_TIMEDOUT))
        weir__cancel_drop_aside(pipeline);
    if (weir__join(pipeline, report)) {
        if (!weir__is_over(pipeline)) /* over already, if an earlier end was late at a helper */
            complete(pipeline);
        (void)weir__join_helpers(pipeline, report);
    }
    return weir__ender_stop_ended(pipeline);
}

/*
 * Ends the pipeline, in this thread or another. A call that returns WEIR_BUSY has stored a report that names a late
 * thread. If no thread is late any more, the call tries to become the ender again.
 */
static weir_status end(weir_pipeline *pipeline, weir_deadline deadline, weir_report **report) {
    weir_status status;
    while (!weir__ender_become(pipeline, deadline, &status)) {
        if (status != WEIR_BUSY || weir__is_late(pipeline, report))
            return status;
    }
    return end_as_ender(pipeline, report);
}

/* Takes the report that names a late thread, and passes it to the caller. Returns WEIR_BUSY. */
static weir_status refuse_busy(weir_pipeline *pipeline, weir_report *late, weir_report **report, const char *call) {
    (void)weir__refuse_busy(pipeline, late, call);
    if (report != NULL)
        *report = late;
    else
        weir_report_free(late);
    return WEIR_BUSY;
}

weir_status weir_pipeline_finish(weir_pipeline *pipeline, weir_deadline deadline, weir_report **report) {
    if (report != NULL)
        *report = NULL;
    if (pipeline == NULL || !weir__has_started(pipeline))
        return weir__refuse_unstarted(pipeline, "finish");
    weir__drain_begin(pipeline);
    weir_report *late = NULL;
    weir_status status =
        weir__is_inside(pipeline) ? weir__refuse_inside(pipeline, "finish") : end(pipeline, deadline, &late);
    if (status == WEIR_BUSY)
        return refuse_busy(pipeline, late, report, "finish");
    weir_report_free(late); /* the late thread has ended since */
    if (report == NULL)
        return status;
    weir_status reported = weir_pipeline_report(pipeline, report);
    return reported == WEIR_OK || status == WEIR_DEADLOCK ? status : reported;
}

static bool end_cancelled(weir_pipeline *pipeline, weir_report **late) {
    if (weir__cancel_begin(pipeline, WEIR_CANCELLED))
        weir__cancel_drop_aside(pipeline);
    return end(pipeline, 0, late) != WEIR_BUSY;
}

static void free_all(weir_pipeline *pipeline) {
    weir__outputs_leave(pipeline, false); /* unless the run has ended */
    for (size_t i = 0; i < pipeline->ordered; i++)
        weir__on_crew_leave(pipeline->order[i]); /* N9: all before one is freed */
    weir__pending_free(pipeline);
    for (weir_stage *stage = pipeline->first, *next; stage != NULL; stage = next) {
        next = stage->next;
        weir__stage_free(stage);
    }
    weir__pool_empty(&pipeline->flight.pool);
    weir__errors_free(&pipeline->errors);
    weir__event_close(&pipeline->cancel_event);
    weir__event_close(&pipeline->end_event);
    weir__free(pipeline->order);
    weir__free(pipeline->name);
    weir__free(pipeline);
}

weir_status weir_pipeline_destroy(weir_pipeline *pipeline) {
    if (pipeline == NULL)
        return WEIR_OK;
    if (weir__is_inside(pipeline))
        return weir__refuse_inside(pipeline, "destroy");
    weir_report *late = NULL;
    bool over = pipeline->refused != WEIR_OK
                    ? weir__pending_await(pipeline, weir_deadline_after(pipeline->options.grace))
                    : pipeline->started == 0 || end_cancelled(pipeline, &late);
    if (!over)
        return refuse_busy(pipeline, late, NULL, "destroy");
    weir_report_free(late);
    free_all(pipeline);
    return WEIR_OK;
}
