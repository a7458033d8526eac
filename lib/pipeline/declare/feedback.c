/*
 * feedback.c - Implements connections back.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/declare/feedback.h"

#include "pipeline/state/pipeline.h"
#include "pipeline/state/refuse.h"
#include "report/figure.h"

struct weir__feeder {
    const weir_stage *stage;
    struct weir__feeder *next;
};

weir_status weir__feedback_add(weir_stage *from, weir_stage *to) {
    struct weir__feeder *feeder = weir__alloc(sizeof *feeder);
    if (feeder == NULL)
        return weir__refuse(from->pipeline, WEIR_NOMEM, from->name, "connect_back: cannot allocate %s",
                            weir__figure_bytes(sizeof *feeder).text);
    *feeder = (struct weir__feeder){from, to->feeders};
    to->feeders = feeder;
    return WEIR_OK;
}

bool weir__feedback_has(const weir_stage *from, const weir_stage *to) {
    for (const struct weir__feeder *feeder = to->feeders; feeder != NULL; feeder = feeder->next) {
        if (feeder->stage == from)
            return true;
    }
    return false;
}

void weir__feedback_free(weir_stage *stage) {
    struct weir__feeder *feeder;
    while ((feeder = stage->feeders) != NULL) {
        stage->feeders = feeder->next;
        weir__free(feeder);
    }
}

/* Marks a stage and all stages downstream of it. */
static void mark_downstream(weir_stage *from) {
    weir_pipeline *pipeline = from->pipeline;
    for (size_t i = 0; i < pipeline->stage_count; i++)
        pipeline->order[i]->marked = pipeline->order[i] == from;
    for (size_t i = from->rank; i < pipeline->stage_count; i++) {
        const weir_stage *stage = pipeline->order[i];
        for (size_t j = 0; stage->marked && j < stage->successor_count; j++)
            stage->successors[j]->marked = true;
        if (stage->marked && stage->dead_to != NULL)
            stage->dead_to->marked = true;
    }
}

static weir_status check_feeder(const weir_stage *from, const weir_stage *to) {
    const weir_pipeline *pipeline = from->pipeline;
    if (from->options.work.func != NULL || weir__stage_is_source(from))
        return weir__refuse(pipeline, WEIR_INVALID, from->name,
                            "it is connected back, and only run and run_batch feed");
    if (!from->marked)
        return weir__refuse(pipeline, WEIR_INVALID, from->name,
                            "it is connected back to stage %.100s, which is not upstream", to->name);
    return WEIR_OK;
}

/* Checks that a stage is fed by itself and by stages downstream only. */
static weir_status check_feeders(weir_stage *to) {
    weir_status status = WEIR_OK;
    if (to->feeders == NULL)
        return WEIR_OK;
    if (weir__stage_is_source(to))
        return weir__refuse(to->pipeline, WEIR_INVALID, to->name,
                            "stage %.100s is connected back to it: a source has no input", to->feeders->stage->name);
    mark_downstream(to);
    for (const struct weir__feeder *feeder = to->feeders; feeder != NULL && status == WEIR_OK; feeder = feeder->next)
        status = check_feeder(feeder->stage, to);
    return status;
}

/* S6. Returns the rank of the last stage of the loop that begins with that stage. */
static size_t end_of_loop(const weir_pipeline *pipeline, size_t first) {
    size_t last = first;
    for (size_t i = first; i <= last; i++) {
        for (const struct weir__feeder *feeder = pipeline->order[i]->feeders; feeder != NULL; feeder = feeder->next)
            last = feeder->stage->rank > last ? feeder->stage->rank : last;
    }
    return last;
}

weir_status weir__feedback_check(weir_pipeline *pipeline) {
    weir_status status = WEIR_OK;
    for (size_t i = 0; i < pipeline->stage_count; i++)
        pipeline->order[i]->rank = i;
    for (size_t i = 0; i < pipeline->stage_count && status == WEIR_OK; i++)
        status = check_feeders(pipeline->order[i]);
    for (size_t i = 0, last; i < pipeline->stage_count; i = last + 1) {
        last = end_of_loop(pipeline, i);
        pipeline->order[i]->loop = last - i + 1;
    }
    return status;
}
