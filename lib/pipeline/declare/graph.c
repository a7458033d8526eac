/*
 * graph.c - Checks the names of stages and their connections.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/declare/graph.h"

#include <string.h>

#include "base/mix.h"
#include "pipeline/declare/bounds.h"
#include "pipeline/declare/feedback.h"
#include "pipeline/declare/options.h"
#include "pipeline/state/refuse.h"
#include "report/figure.h"

/* ---- names ---- */

/* Returns the FNV-1a hash of a name, mixed: G. Fowler, L. Noll and K.-P. Vo; IETF draft-eastlake-fnv. */
static uint64_t hash_of(const char *name) {
    uint64_t hash = UINT64_C(0xcbf29ce484222325);
    for (; *name != '\0'; name++)
        hash = (hash ^ (unsigned char)*name) * UINT64_C(0x100000001b3);
    return weir__mix(hash);
}

/*
 * Returns the stage of that name, or NULL. Sets `*key` to the key of the name in `names`. If other names have the same
 * hash, the key is the next free number.
 */
static const weir_stage *find_by_name(const weir_pipeline *pipeline, const char *name, uint64_t *key) {
    const weir__tree_node *node;
    for (*key = hash_of(name); (node = weir__tree_find(&pipeline->names, *key)) != NULL; ++*key) {
        const weir_stage *stage = (const weir_stage *)((const char *)node - offsetof(weir_stage, by_name));
        if (strcmp(stage->name, name) == 0)
            return stage;
    }
    return NULL;
}

void weir__graph_add_name(weir_stage *stage) {
    (void)find_by_name(stage->pipeline, stage->name, &stage->by_name.key);
    weir__tree_add(&stage->pipeline->names, &stage->by_name);
}

static weir_status check_name(const weir_pipeline *pipeline, const weir_stage_options *options) {
    if (options->name == NULL || options->name[0] == '\0')
        return weir__refuse(pipeline, WEIR_INVALID, NULL, "add: name is %s, and a stage needs a name",
                            options->name == NULL ? "NULL" : "\"\"");
    if (find_by_name(pipeline, options->name, &(uint64_t){0}) != NULL)
        return weir__refuse(pipeline, WEIR_INVALID, options->name, "name: another stage already has this name");
    return WEIR_OK;
}

weir_status weir__graph_accept(const weir_pipeline *pipeline, const weir_stage_options *options) {
    weir_status status = check_name(pipeline, options);
    return status == WEIR_OK ? weir__options_check(pipeline, options) : status;
}

/* ---- connections ---- */

/* Makes room for one more successor. Doubles the array when it is full: when the count is a power of two, or 0. */
static weir_status make_room(weir_stage *from) {
    size_t count = from->successor_count, room = count == 0 ? 1 : 2 * count;
    if ((count & (count - 1)) != 0)
        return WEIR_OK;
    weir_stage **longer = weir__alloc(room * sizeof(weir_stage *));
    if (longer == NULL)
        return weir__refuse(from->pipeline, WEIR_NOMEM, from->name, "cannot allocate %s for its list of successors",
                            weir__figure_bytes(room * sizeof(weir_stage *)).text);
    for (size_t i = 0; i < count; i++)
        longer[i] = from->successors[i];
    weir__free(from->successors);
    from->successors = longer;
    return WEIR_OK;
}

weir_status weir__graph_connect(weir_stage *from, weir_stage *to) {
    weir_status status = make_room(from);
    if (status != WEIR_OK)
        return status;
    from->successors[from->successor_count++] = to;
    to->predecessor_count++;
    from->pipeline->edge_count++;
    return WEIR_OK;
}

void weir__graph_connect_dead(weir_stage *from, weir_stage *to) {
    from->dead_to = to;
    to->dead_count++;
    to->predecessor_count++;
}

/* Connects the stages that get no dead letters. */
static weir_status connect_chain(weir_pipeline *pipeline) {
    weir_status status = WEIR_OK;
    weir_stage *last = NULL;
    for (weir_stage *stage = pipeline->first; status == WEIR_OK && stage != NULL; stage = stage->next) {
        if (stage->dead_count > 0)
            continue;
        if (last != NULL)
            status = weir__graph_connect(last, stage);
        last = stage;
    }
    return status;
}

static weir_status find_entrance(weir_pipeline *pipeline) {
    for (weir_stage *stage = pipeline->first; stage != NULL; stage = stage->next) {
        if (stage->predecessor_count > 0 || weir__stage_is_source(stage))
            continue;
        if (pipeline->entrance != NULL)
            return weir__refuse(
                pipeline, WEIR_INVALID, stage->name,
                "it has no predecessor, and the entry stage is already stage %.100s: connect a stage to it, or "
                "set source",
                pipeline->entrance->name);
        pipeline->entrance = stage;
    }
    return WEIR_OK;
}

/*
 * Sorts the stages by A. Kahn, "Topological Sorting of Large Networks", CACM 5, 1962: repeatedly takes a stage after
 * all its predecessors were taken. `marks` has, for each stage, the number of predecessors not taken yet.
 */
static weir_status sort(weir_pipeline *pipeline, size_t *marks) {
    size_t sorted = 0;
    for (weir_stage *stage = pipeline->first; stage != NULL; stage = stage->next) {
        marks[stage->number] = stage->predecessor_count;
        if (stage->predecessor_count == 0)
            pipeline->order[sorted++] = stage;
    }
    for (size_t i = 0; i < sorted; i++) {
        weir_stage *stage = pipeline->order[i];
        for (size_t j = 0; j < stage->successor_count; j++) {
            if (--marks[stage->successors[j]->number] == 0)
                pipeline->order[sorted++] = stage->successors[j];
        }
        if (stage->dead_to != NULL && --marks[stage->dead_to->number] == 0)
            pipeline->order[sorted++] = stage->dead_to;
    }
    for (weir_stage *stage = pipeline->first; stage != NULL && sorted < pipeline->stage_count; stage = stage->next) {
        if (marks[stage->number] > 0)
            return weir__refuse(pipeline, WEIR_INVALID, stage->name, "it is on a cycle, or downstream of one");
    }
    return WEIR_OK;
}

static weir_status find_order(weir_pipeline *pipeline) {
    pipeline->order = weir__alloc(pipeline->stage_count * sizeof(weir_stage *));
    size_t *marks = weir__alloc(pipeline->stage_count * sizeof *marks);
    weir_status status;
    if (pipeline->order != NULL && marks != NULL)
        status = sort(pipeline, marks);
    else
        status = weir__refuse_memory(pipeline, WEIR_NOMEM, NULL, "start: the number of stages", pipeline->stage_count,
                                     sizeof(weir_stage *));
    if (status == WEIR_OK)
        pipeline->ordered = pipeline->stage_count;
    weir__free(marks);
    return status;
}

static uint64_t key_of(const weir_queue *queue) {
    return weir__mix((uintptr_t)queue);
}

/* Whether a stage puts its dead letters to that queue. */
static bool takes_letters(const weir_pipeline *pipeline, const weir_queue *queue) {
    return weir__tree_find(&pipeline->letters, key_of(queue)) != NULL;
}

static void find_letters(weir_pipeline *pipeline) {
    for (weir_stage *stage = pipeline->first; stage != NULL; stage = stage->next) {
        stage->by_dead.key = key_of(stage->options.errors.dead);
        if (stage->options.errors.dead != NULL && !takes_letters(pipeline, stage->options.errors.dead))
            weir__tree_add(&pipeline->letters, &stage->by_dead);
    }
}

/* Checks the fan-out of a stage. Its route or copy is set only if fan_out uses it. */
static weir_status check_fan_out(const weir_stage *stage) {
    const weir_stage_options *options = &stage->options;
    size_t count = stage->successor_count;
    if (options->output.fan_out != WEIR_ROUND_ROBIN && count == 0)
        return weir__refuse(stage->pipeline, WEIR_INVALID, stage->name,
                            "fan_out is %s%s, and the stage has no successor",
                            weir__fan_out_name(options->output.fan_out),
                            options->output.route != NULL  ? " with a route"
                            : options->output.copy != NULL ? " with a copy"
                                                           : "");
    if (weir__has_route(options) && options->output.route == NULL)
        return weir__refuse(stage->pipeline, WEIR_INVALID, stage->name, "fan_out is %s, and route is NULL",
                            weir__fan_out_name(options->output.fan_out));
    if (options->output.fan_out == WEIR_TO_ALL && options->output.copy == NULL)
        return weir__refuse(stage->pipeline, WEIR_INVALID, stage->name, "fan_out is WEIR_TO_ALL, and copy is NULL");
    return WEIR_OK;
}

static weir_status check_ends_of(const weir_stage *stage) {
    const weir_stage_options *options = &stage->options;
    if (weir__stage_is_source(stage) && stage->predecessor_count > 0)
        return weir__refuse(stage->pipeline, WEIR_INVALID, stage->name,
                            "source is set, and it has a predecessor: a source has no input");
    if (stage->dead_count > 0 && stage->dead_count < stage->predecessor_count)
        return weir__refuse(stage->pipeline, WEIR_INVALID, stage->name,
                            "it gets dead letters and results of other stages: use a stage for each");
    if (options->output.results != NULL && stage->successor_count > 0)
        return weir__refuse(stage->pipeline, WEIR_INVALID, stage->name,
                            "results is not NULL, and its results go to stage %.100s", stage->successors[0]->name);
    if (options->output.results != NULL && takes_letters(stage->pipeline, options->output.results))
        return weir__refuse(stage->pipeline, WEIR_INVALID, stage->name,
                            "results is also the dead-letter queue (dead) of a stage: use a queue for each");
    return check_fan_out(stage);
}

static weir_status check_ends(weir_pipeline *pipeline) {
    weir_status status = WEIR_OK;
    find_letters(pipeline);
    for (const weir_stage *stage = pipeline->first; stage != NULL && status == WEIR_OK; stage = stage->next)
        status = check_ends_of(stage);
    return status;
}

/*
 * Whether `next` may restore the order of the results of `stage` too. The function of `stage` must make one result of
 * each item, and no at_end may make others. No other stage may put or feed items to `next`. If `next` has one thread
 * only, or a limit for keys, `next` must take its items in order, so `stage` restores the order itself.
 */
static bool leaves_order_to(const weir_stage *stage, const weir_stage *next) {
    return stage->options.work.func != NULL && stage->options.work.at_end == NULL && next->options.output.ordered &&
           next->predecessor_count == 1 && next->feeders == NULL && next->options.threads.max > 1 &&
           next->options.limits.per_key == 0;
}

/* Sets the orderers. In a sequence of ordered stages, the order is restored once, after the last of them. */
static void find_orderers(weir_pipeline *pipeline) {
    for (size_t i = pipeline->stage_count; i-- > 0;) {
        weir_stage *stage = pipeline->order[i];
        weir_stage *next = stage->successor_count == 1 ? stage->successors[0] : NULL;
        stage->orderer = stage->options.output.ordered ? stage : NULL;
        if (stage->orderer != NULL && next != NULL && leaves_order_to(stage, next)) {
            stage->orderer = next->orderer;
            next->inherits = true;
        }
    }
}

/* Whether the stage's results leave in order without envelopes: from one thread, or in turns (in_turn.h). */
static bool keeps_order(const weir_stage *stage) {
    return !stage->options.output.ordered || stage->on_crew || stage->options.threads.max == 1;
}

/* Whether no option of the stage needs envelopes. */
static bool is_plain_stage(const weir_stage *stage) {
    const weir_stage_options *options = &stage->options;
    bool simple = options->work.func != NULL || options->work.source != NULL;
    return simple && options->work.at_end == NULL && keeps_order(stage) && options->limits.per_key == 0 &&
           options->limits.rate == 0 && stage->successor_count <= 1;
}

/* Whether the options of the pipeline limit or tell of what is in flight. */
static bool watches_flight(const weir_pipeline_options *options) {
    const uint64_t items = options->max_items, bytes = options->max_bytes;
    bool limited = (items != 0 && items != UINT64_MAX) || (bytes != 0 && bytes != UINT64_MAX);
    return limited || options->weigh != NULL || options->settled != NULL;
}

static bool is_plain(const weir_pipeline *pipeline) {
    bool plain = !watches_flight(&pipeline->options);
    for (const weir_stage *stage = pipeline->first; plain && stage != NULL; stage = stage->next)
        plain = is_plain_stage(stage);
    return plain;
}

weir_status weir__graph_check(weir_pipeline *pipeline) {
    weir_status status = WEIR_OK;
    if (pipeline->first == NULL)
        return weir__refuse(pipeline, WEIR_INVALID, NULL, "start: the pipeline has no stages, and needs at least one");
    if (pipeline->edge_count == 0)
        status = connect_chain(pipeline);
    if (status == WEIR_OK)
        status = find_order(pipeline);
    if (status == WEIR_OK)
        status = weir__feedback_check(pipeline);
    if (status == WEIR_OK)
        status = check_ends(pipeline);
    if (status == WEIR_OK)
        status = find_entrance(pipeline);
    pipeline->plain = is_plain(pipeline);
    if (status == WEIR_OK)
        status = weir__bounds_set(pipeline);
    if (status == WEIR_OK && !pipeline->plain)
        find_orderers(pipeline);
    return status;
}
