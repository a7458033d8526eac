/*
 * bounds.c - Sets the limits of a pipeline, and checks that batches can fill under them.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/declare/bounds.h"

#include <inttypes.h>

#include "pipeline/state/refuse.h"
#include "report/figure.h"

/* Maximum batch.wait, in ns, of a batch that the weights of items may keep from filling (M4). */
static const uint64_t longest_wait = 60 * WEIR_SECOND;

static uint64_t plus(uint64_t a, uint64_t b) {
    return a > UINT64_MAX - b ? UINT64_MAX : a + b;
}

static uint64_t times(uint64_t a, uint64_t b) {
    return b != 0 && a > UINT64_MAX / b ? UINT64_MAX : a * b;
}

/* ---- what batches hold ---- */

/* Returns the maximum number of roots that one result of the stage stands for (M2). UINT64_MAX: no maximum. */
static uint64_t roots_of_result(const weir_stage *stage) {
    if (!weir__stage_gathers(stage))
        return stage->roots;
    return stage->options.batch.items == 0 ? UINT64_MAX : times(stage->roots, stage->options.batch.items);
}

static void raise_roots(weir_stage *to, uint64_t roots) {
    to->roots = roots > to->roots ? roots : to->roots;
}

/* Sets `roots` of all stages, in topological order. A dead letter stands for one item, also from a batch. */
static void count_roots(weir_pipeline *pipeline) {
    for (size_t i = 0; i < pipeline->stage_count; i++)
        pipeline->order[i]->roots = 1;
    for (size_t i = 0; i < pipeline->stage_count; i++) {
        weir_stage *stage = pipeline->order[i];
        for (size_t j = 0; j < stage->successor_count; j++)
            raise_roots(stage->successors[j], roots_of_result(stage));
        if (stage->dead_to != NULL)
            raise_roots(stage->dead_to, stage->roots);
    }
}

/* Returns the maximum number of roots that a partial batch of the stage holds (M1). UINT64_MAX: no maximum. */
static uint64_t most_held(const weir_stage *stage) {
    if (!weir__stage_gathers(stage))
        return 0;
    return stage->options.batch.items == 0 ? UINT64_MAX : times(stage->options.batch.items - 1, stage->roots);
}

/* Returns the sum of most_held over the stages that have a maximum (M3). */
static uint64_t all_held(const weir_pipeline *pipeline) {
    uint64_t held = 0;
    for (const weir_stage *stage = pipeline->first; stage != NULL; stage = stage->next) {
        uint64_t most = most_held(stage);
        held = plus(held, most == UINT64_MAX ? 0 : most);
    }
    return held;
}

/* ---- the limits ---- */

/* Whether items of the stage wait for other items in a mechanism without a bound of its own. */
static bool needs_limit(const weir_stage *stage) {
    return stage->options.output.ordered || stage->options.limits.per_key != 0;
}

/* Returns the capacity of the stage's queue, in items. An unbounded queue counts with the default capacity. */
static uint64_t usual_room(const weir_stage *stage) {
    if (weir__stage_is_source(stage))
        return 0;
    return stage->options.input.capacity == WEIR_UNBOUNDED ? WEIR__USUAL_CAPACITY : stage->options.input.capacity;
}

/*
 * Returns the automatic max_items: the items that queues, threads, operations and partial batches hold. Returns
 * UINT64_MAX if no stage needs a limit: in a plain pipeline, order has a bound of its own (O8).
 */
static uint64_t automatic_items(const weir_pipeline *pipeline) {
    uint64_t sum = all_held(pipeline);
    bool needed = false;
    for (const weir_stage *stage = pipeline->first; stage != NULL; stage = stage->next) {
        sum = plus(sum, plus(usual_room(stage), stage->options.threads.max));
        sum = plus(sum, stage->options.limits.in_flight);
        needed = needed || needs_limit(stage);
    }
    if (!needed || pipeline->plain)
        return UINT64_MAX;
    return sum == UINT64_MAX ? sum - 1 : sum;
}

static void set_limits(weir_pipeline *pipeline) {
    const weir_pipeline_options *options = &pipeline->options;
    weir__admission *limits = &pipeline->flight.admission;
    limits->max_items = options->max_items != 0 ? options->max_items : automatic_items(pipeline);
    limits->max_bytes = options->max_bytes != 0 ? options->max_bytes : UINT64_MAX;
    limits->limited = limits->max_items != UINT64_MAX || limits->max_bytes != UINT64_MAX || options->weigh != NULL;
}

/* ---- the check ---- */

static bool has_short_wait(const weir_stage *stage) {
    return stage->options.batch.wait != 0 && stage->options.batch.wait <= longest_wait;
}

/* Refuses the stage's batch.wait: the message gives its value and the maximum. */
static weir_status refuse_wait(const weir_stage *stage, const char *why) {
    const weir_batch *batch = &stage->options.batch;
    weir__figure wait = batch->wait == 0            ? weir__figure_word("0")
                        : batch->wait == WEIR_NEVER ? weir__figure_word("WEIR_NEVER")
                                                    : weir__figure_time(batch->wait);
    return weir__refuse(stage->pipeline, WEIR_INVALID, stage->name,
                        "batch.wait must be above 0 and at most %s, and is %s: %s",
                        weir__figure_time(longest_wait).text, wait.text, why);
}

/*
 * Refuses a stage because its batches, with those of the stages before it, can hold max_items roots. An automatic
 * max_items is reached only if the sum exceeds 64 bits.
 */
static weir_status refuse_items(const weir_stage *stage) {
    const weir_pipeline *pipeline = stage->pipeline;
    size_t items = stage->options.batch.items, most = pipeline->options.max_items;
    uint64_t held = all_held(pipeline);
    if (most == 0)
        return weir__refuse(pipeline, WEIR_INVALID, stage->name,
                            "batch.items is %zu: incomplete batches can hold more items than any max_items allows",
                            items);
    return weir__refuse(
        pipeline, WEIR_INVALID, stage->name,
        "batch.items is %zu: incomplete batches can hold %" PRIu64 " item%s%s, but max_items is %zu, so "
        "no batch could fill: raise max_items to at least %" PRIu64 ", or lower batch.items",
        items, held, held == 1 ? "" : "s", held == most_held(stage) ? "" : " in all", most, plus(held, 1));
}

/* Refuses a stage because its batches have no maximum number of roots, and max_items is automatic. */
static weir_status refuse_bytes(const weir_stage *stage) {
    const weir_batch *batch = &stage->options.batch;
    return weir__refuse(stage->pipeline, WEIR_INVALID, stage->name,
                        "batch.items is %zu and batch.bytes is %" PRIu64 ": light items can reach the automatic "
                        "max_items, %" PRIu64 ", before a batch is full: set batch.items or max_items",
                        batch->items, batch->bytes, stage->pipeline->flight.admission.max_items);
}

/*
 * Checks that the batches of the stage can fill. `held` is the maximum number of roots in partial batches up to this
 * stage.
 */
static weir_status check_batch(const weir_stage *stage, uint64_t held) {
    const weir_pipeline *pipeline = stage->pipeline;
    bool depends = most_held(stage) == UINT64_MAX, automatic = pipeline->options.max_items == 0;
    if (pipeline->flight.admission.max_items != UINT64_MAX) {
        if (depends && automatic)
            return refuse_bytes(stage);
        if (held >= pipeline->flight.admission.max_items)
            return refuse_items(stage);
        if (depends && !has_short_wait(stage))
            return refuse_wait(stage, "light items can reach max_items before a batch reaches batch.bytes");
    }
    if (pipeline->options.max_bytes != 0 && !has_short_wait(stage))
        return refuse_wait(stage, "heavy items can reach max_bytes before a batch is full");
    return WEIR_OK;
}

static weir_status check_batches(const weir_pipeline *pipeline) {
    weir_status status = WEIR_OK;
    uint64_t held = 0;
    for (size_t i = 0; i < pipeline->stage_count && status == WEIR_OK; i++) {
        const weir_stage *stage = pipeline->order[i];
        uint64_t most = most_held(stage);
        held = plus(held, most == UINT64_MAX ? 0 : most);
        if (most > 0)
            status = check_batch(stage, held);
    }
    return status;
}

weir_status weir__bounds_set(weir_pipeline *pipeline) {
    count_roots(pipeline);
    set_limits(pipeline);
    return check_batches(pipeline);
}
