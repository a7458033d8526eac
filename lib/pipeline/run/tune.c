/*
 * tune.c - Changes the limits of a stage while it runs.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/declare/options.h"
#include "pipeline/observe/elastic.h"
#include "pipeline/state/pipeline.h"
#include "pipeline/state/refuse.h"
#include "pipeline/waits/pause.h"

/* Refuses what weir__refuse_unless_started does, and a stage that is NULL. */
static weir_status check(weir_pipeline *pipeline, const weir_stage *stage, const char *call) {
    weir_status status = weir__refuse_unless_started(pipeline, stage, call);
    if (status == WEIR_OK && stage == NULL)
        return weir__refuse(pipeline, WEIR_INVALID, NULL, "%s: the stage is NULL", call);
    return status;
}

/* Whether the stage may still begin calls. */
static bool goes_on(weir_pipeline *pipeline) {
    weir__lock_acquire(&pipeline->lock);
    bool going_on = pipeline->state == WEIR_RUN_RUNNING || pipeline->state == WEIR_RUN_DRAINING;
    weir__lock_release(&pipeline->lock);
    return going_on;
}

weir_status weir_pipeline_set_rate(weir_pipeline *pipeline, weir_stage *stage, double rate, size_t burst) {
    weir_status status = check(pipeline, stage, "set_rate");
    if (status == WEIR_OK)
        status = weir__check_rate(pipeline, stage->name, rate, burst);
    if (status != WEIR_OK)
        return status;
    if (!goes_on(pipeline))
        return weir__refuse_ended(pipeline, "set_rate");
    weir__rate_set(&stage->rate, rate, burst, weir__clock_now());
    weir__pause_wake(stage);
    return WEIR_OK;
}

static weir_status check_threads(const weir_pipeline *pipeline, const weir_stage *stage, size_t threads, size_t most) {
    if (!weir__stage_is_elastic(stage))
        return weir__refuse(
            pipeline, WEIR_INVALID, stage->name,
            "set_threads: its number of threads is fixed: declare it with threads.max above threads.count");
    if (threads == 0)
        return weir__refuse(pipeline, WEIR_INVALID, stage->name, "set_threads: count is 0, and must be at least 1");
    if (most < threads)
        return weir__refuse(pipeline, WEIR_INVALID, stage->name,
                            "set_threads: max is %zu, and must be at least count, which is %zu", most, threads);
    if (most > stage->options.threads.max)
        return weir__refuse(pipeline, WEIR_INVALID, stage->name,
                            "set_threads: max is %zu, and was declared as %zu: there is no room for more", most,
                            stage->options.threads.max);
    return WEIR_OK;
}

weir_status weir_pipeline_set_threads(weir_pipeline *pipeline, weir_stage *stage, size_t count, size_t max) {
    weir_status status = check(pipeline, stage, "set_threads");
    if (status == WEIR_OK)
        status = check_threads(pipeline, stage, count, max);
    if (status != WEIR_OK)
        return status;
    if (!goes_on(pipeline))
        return weir__refuse_ended(pipeline, "set_threads");
    weir__elastic_set(stage, count, max);
    return WEIR_OK;
}
