/*
 * graph.c - Checks stages and their connections.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/graph.h"

#include <inttypes.h>
#include <string.h>

#include "base/mix.h"
#include "pipeline/bounds.h"
#include "pipeline/feedback.h"
#include "pipeline/refuse.h"
#include "pipeline/tune.h"
#include "report/figure.h"

/* ---- what a stage is ---- */

static weir_status check_functions(const weir_pipeline *pipeline, const weir_stage_options *options) {
    int set =
        (options->func != NULL) + (options->run != NULL) + (options->run_batch != NULL) + (options->source != NULL);
    if (set != 1)
        return weir__refuse(pipeline, WEIR_INVALID, options->name,
                            "%d of func, run, run_batch and source are set: exactly one must be set", set);
    for (size_t i = 0; i < sizeof options->reserved / sizeof options->reserved[0]; i++) {
        if (options->reserved[i] != NULL)
            return weir__refuse(pipeline, WEIR_INVALID, options->name, "reserved[%zu] is not NULL", i);
    }
    return WEIR_OK;
}

/* Checks the priority, which only a stage on the crew has. */
static weir_status check_priority(const weir_pipeline *pipeline, const weir_stage_options *options) {
    if (options->priority > WEIR_LOW)
        return weir__refuse(pipeline, WEIR_INVALID, options->name,
                            "priority is %d, and must be a value of weir_priority", (int)options->priority);
    if (options->priority == WEIR_NORMAL)
        return WEIR_OK;
    const char *why = options->threads != 0       ? "threads"
                      : options->max_threads != 0 ? "max_threads"
                      : options->init != NULL     ? "init"
                      : options->fini != NULL     ? "fini"
                      : options->at_end != NULL   ? "at_end"
                                                  : NULL;
    if (why == NULL)
        return WEIR_OK;
    return weir__refuse(pipeline, WEIR_INVALID, options->name,
                        "priority is %s and %s is set: only a stage on the crew has a priority",
                        options->priority == WEIR_HIGH ? "WEIR_HIGH" : "WEIR_LOW", why);
}

static weir_status check_threads(const weir_pipeline *pipeline, const weir_stage_options *options) {
    size_t least = options->threads != 0 ? options->threads : 1;
    if (options->max_threads != 0 && options->max_threads < least)
        return weir__refuse(pipeline, WEIR_INVALID, options->name,
                            "max_threads is %zu, and must be 0 or at least threads, which is %zu", options->max_threads,
                            least);
    if (options->max_threads > UINT32_MAX)
        return weir__refuse(pipeline, WEIR_INVALID, options->name, "max_threads is %zu, and must be at most %" PRIu32,
                            options->max_threads, UINT32_MAX);
    if (options->source != NULL && options->max_threads > least)
        return weir__refuse(pipeline, WEIR_INVALID, options->name,
                            "max_threads is %zu, and must be 0 or equal to threads for a source, which has no input",
                            options->max_threads);
    return WEIR_OK;
}

static weir_status check_source(const weir_pipeline *pipeline, const weir_stage_options *options) {
    if (options->source == NULL)
        return WEIR_OK;
    if (options->per_key != 0)
        return weir__refuse(pipeline, WEIR_INVALID, options->name,
                            "per_key is %zu, and must be 0 for a source, which has no input", options->per_key);
    if (options->ordered)
        return weir__refuse(pipeline, WEIR_INVALID, options->name,
                            "ordered is true, and must be false for a source, which has no input");
    if (options->dead != NULL)
        return weir__refuse(pipeline, WEIR_INVALID, options->name,
                            "dead is not NULL, and must be NULL for a source, which has no input");
    if (options->at_end != NULL)
        return weir__refuse(pipeline, WEIR_INVALID, options->name,
                            "at_end is set, and must be NULL for a source, which has no input");
    if (options->capacity != 0)
        return weir__refuse(pipeline, WEIR_INVALID, options->name,
                            "capacity is %s, and must be 0 for a source, which has no input queue",
                            options->capacity == WEIR_UNBOUNDED ? "WEIR_UNBOUNDED"
                                                                : weir__figure_count(options->capacity).text);
    return WEIR_OK;
}

static weir_status check_func(const weir_pipeline *pipeline, const weir_stage_options *options) {
    if (options->func == NULL)
        return WEIR_OK;
    if (options->retry.attempts > 1)
        return weir__refuse(pipeline, WEIR_INVALID, options->name,
                            "retry.attempts is %u, and a func cannot fail: use run", options->retry.attempts);
    if (options->dead != NULL)
        return weir__refuse(pipeline, WEIR_INVALID, options->name, "dead is not NULL, and a func cannot fail: use run");
    return WEIR_OK;
}

static weir_status check_numbers(const weir_pipeline *pipeline, const weir_stage_options *options) {
    if (options->per_key != 0 && options->key == NULL)
        return weir__refuse(pipeline, WEIR_INVALID, options->name, "per_key is %zu, and key is NULL", options->per_key);
    if (options->fan_out > WEIR_TO_ALL)
        return weir__refuse(pipeline, WEIR_INVALID, options->name, "fan_out is %d, and must be a value of weir_fan_out",
                            (int)options->fan_out);
    if (options->on_error > WEIR_SKIP)
        return weir__refuse(pipeline, WEIR_INVALID, options->name,
                            "on_error is %d, and must be a value of weir_on_error", (int)options->on_error);
    return WEIR_OK;
}

/*
 * Checks that the members of retry have an effect: further attempts, and a delay that max_backoff limits. One attempt is
 * a choice that a program may offer, with the other members set.
 */
static weir_status check_retry(const weir_pipeline *pipeline, const weir_stage_options *options) {
    const weir_retry *retry = &options->retry;
    bool goes_on = options->source != NULL && options->on_error == WEIR_SKIP;
    if (retry->attempts == 0 && retry->backoff != 0 && !goes_on)
        return weir__refuse(pipeline, WEIR_INVALID, options->name,
                            "retry.backoff is %s, and retry.attempts is 0: a retry needs at least 2 attempts",
                            weir__figure_time(retry->backoff).text);
    if (retry->attempts == 0 && retry->when != NULL)
        return weir__refuse(pipeline, WEIR_INVALID, options->name,
                            "retry.when is set, and retry.attempts is 0: a retry needs at least 2 attempts");
    if (retry->max_backoff != 0 && retry->backoff == 0)
        return weir__refuse(pipeline, WEIR_INVALID, options->name, "retry.max_backoff is %s, and retry.backoff is 0",
                            weir__figure_time(retry->max_backoff).text);
    return WEIR_OK;
}

/* Checks the rate, and that burst and key have an effect. */
static weir_status check_limits(const weir_pipeline *pipeline, const weir_stage_options *options) {
    weir_status status = weir__check_rate(pipeline, options->name, options->rate, options->burst);
    if (status == WEIR_OK)
        status = weir__check_number_of_rate(pipeline, options->name, "key_rate", options->key_rate);
    if (status != WEIR_OK)
        return status;
    if (options->key != NULL && options->per_key == 0)
        return weir__refuse(pipeline, WEIR_INVALID, options->name, "key is set, and per_key is 0");
    if (options->key_rate > 0 && options->per_key == 0)
        return weir__refuse(pipeline, WEIR_INVALID, options->name, "key_rate is %s, and per_key is 0",
                            weir__figure_rate(options->key_rate).text);
    return WEIR_OK;
}

static const char *name_of_fan_out(weir_fan_out how) {
    static const char *const names[] = {"WEIR_ROUND_ROBIN", "WEIR_BY_KEY", "WEIR_BY_CHOICE", "WEIR_TO_ALL"};
    return names[how];
}

static bool uses_route(const weir_stage_options *options) {
    return options->fan_out == WEIR_BY_KEY || options->fan_out == WEIR_BY_CHOICE;
}

/* Checks that route and copy have an effect if the stage has several successors. */
static weir_status check_distribution(const weir_pipeline *pipeline, const weir_stage_options *options) {
    if (options->route != NULL && !uses_route(options))
        return weir__refuse(pipeline, WEIR_INVALID, options->name,
                            "route is set, and fan_out is %s: only WEIR_BY_KEY and WEIR_BY_CHOICE use it",
                            name_of_fan_out(options->fan_out));
    if (options->copy != NULL && options->fan_out != WEIR_TO_ALL)
        return weir__refuse(pipeline, WEIR_INVALID, options->name,
                            "copy is set, and fan_out is %s: only WEIR_TO_ALL uses it",
                            name_of_fan_out(options->fan_out));
    return WEIR_OK;
}

/* Checks where the stage runs. */
static weir_status check_place(const weir_pipeline *pipeline, const weir_stage_options *options) {
    if (options->threads != 0 && options->width != 0)
        return weir__refuse(pipeline, WEIR_INVALID, options->name,
                            "threads is %zu and width is %zu: a stage has threads of its own, or a width on the crew",
                            options->threads, options->width);
    if (options->max_threads != 0 && options->width != 0)
        return weir__refuse(
            pipeline, WEIR_INVALID, options->name,
            "max_threads is %zu and width is %zu: a stage has threads of its own, or a width on the crew",
            options->max_threads, options->width);
    bool has_state = options->init != NULL || options->fini != NULL || options->at_end != NULL;
    if (options->width != 0 && has_state)
        return weir__refuse(pipeline, WEIR_INVALID, options->name,
                            "width is %zu and %s is set: it is called in threads of the stage's own", options->width,
                            options->init != NULL   ? "init"
                            : options->fini != NULL ? "fini"
                                                    : "at_end");
    if (options->threads == 0 && options->max_threads == 0 && !has_state && options->stack_size != 0)
        return weir__refuse(pipeline, WEIR_INVALID, options->name,
                            "stack_size is %zu and threads is 0: only threads of the stage's own have that size",
                            options->stack_size);
    return WEIR_OK;
}

/* Checks a batch stage with `ordered`: its only thread completes each batch before the next. */
static weir_status check_ordered_batch(const weir_pipeline *pipeline, const weir_stage_options *options) {
    if (!options->ordered)
        return WEIR_OK;
    if (options->threads > 1 || options->width > 1)
        return weir__refuse(pipeline, WEIR_INVALID, options->name, "%s is %zu, and must be 1 for ordered batches",
                            options->threads > 1 ? "threads" : "width",
                            options->threads > 1 ? options->threads : options->width);
    if (options->max_threads > 1)
        return weir__refuse(pipeline, WEIR_INVALID, options->name,
                            "max_threads is %zu, and must be 0 or 1 for ordered batches", options->max_threads);
    if (options->retry.attempts > 1)
        return weir__refuse(pipeline, WEIR_INVALID, options->name,
                            "retry.attempts is %u, and must be at most 1 for ordered batches", options->retry.attempts);
    if (options->batch.wait != 0)
        return weir__refuse(pipeline, WEIR_INVALID, options->name,
                            "batch.wait is %s, and must be 0 for ordered batches",
                            weir__figure_time(options->batch.wait).text);
    return WEIR_OK;
}

/* Checks that a stage without run_batch has no batch options. */
static weir_status check_no_batch(const weir_pipeline *pipeline, const weir_stage_options *options) {
    const weir_batch *batch = &options->batch;
    const char *member = batch->items != 0 ? "items" : batch->bytes != 0 ? "bytes" : "wait";
    uint64_t value = batch->items != 0 ? batch->items : batch->bytes != 0 ? batch->bytes : batch->wait;
    if (value != 0)
        return weir__refuse(pipeline, WEIR_INVALID, options->name, "batch.%s is %s, and run_batch is NULL", member,
                            weir__figure_count(value).text);
    if (batch->weigh != NULL)
        return weir__refuse(pipeline, WEIR_INVALID, options->name, "batch.weigh is set, and run_batch is NULL");
    return WEIR_OK;
}

static weir_status check_batch(const weir_pipeline *pipeline, const weir_stage_options *options) {
    const weir_batch *batch = &options->batch;
    if (options->run_batch == NULL)
        return check_no_batch(pipeline, options);
    if (batch->items == 0 && batch->bytes == 0)
        return weir__refuse(pipeline, WEIR_INVALID, options->name,
                            "batch.items and batch.bytes are 0: at least one must be set");
    if (batch->bytes != 0 && batch->weigh == NULL)
        return weir__refuse(pipeline, WEIR_INVALID, options->name, "batch.bytes is %s, and batch.weigh is NULL",
                            weir__figure_count(batch->bytes).text);
    if (batch->bytes == 0 && batch->weigh != NULL)
        return weir__refuse(pipeline, WEIR_INVALID, options->name, "batch.weigh is set, and batch.bytes is 0");
    if (options->per_key != 0)
        return weir__refuse(pipeline, WEIR_INVALID, options->name, "per_key is %zu, and must be 0 with run_batch",
                            options->per_key);
    return check_ordered_batch(pipeline, options);
}

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
    if (options == NULL)
        return weir__refuse(pipeline, WEIR_INVALID, NULL, "add: options is NULL, and a stage needs a name");
    if (options->name == NULL || options->name[0] == '\0')
        return weir__refuse(pipeline, WEIR_INVALID, NULL, "add: name is %s, and a stage needs a name",
                            options->name == NULL ? "NULL" : "\"\"");
    if (find_by_name(pipeline, options->name, &(uint64_t){0}) != NULL)
        return weir__refuse(pipeline, WEIR_INVALID, options->name, "name: another stage already has this name");
    return WEIR_OK;
}

weir_status weir__graph_accept(const weir_pipeline *pipeline, const weir_stage_options *options) {
    static weir_status (*const checks[])(const weir_pipeline *, const weir_stage_options *) = {
        check_name, check_functions, check_place, check_priority, check_threads,      check_source,
        check_func, check_numbers,   check_retry, check_limits,   check_distribution, check_batch};
    weir_status status = WEIR_OK;
    for (size_t i = 0; i < sizeof checks / sizeof checks[0] && status == WEIR_OK; i++)
        status = checks[i](pipeline, options);
    return status;
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
        stage->by_dead.key = key_of(stage->options.dead);
        if (stage->options.dead != NULL && !takes_letters(pipeline, stage->options.dead))
            weir__tree_add(&pipeline->letters, &stage->by_dead);
    }
}

/* Checks the fan-out of a stage. Its route or copy is set only if fan_out uses it. */
static weir_status check_fan_out(const weir_stage *stage) {
    const weir_stage_options *options = &stage->options;
    size_t count = stage->successor_count;
    if (options->fan_out != WEIR_ROUND_ROBIN && count == 0)
        return weir__refuse(stage->pipeline, WEIR_INVALID, stage->name,
                            "fan_out is %s%s, and the stage has no successor", name_of_fan_out(options->fan_out),
                            options->route != NULL  ? " with a route"
                            : options->copy != NULL ? " with a copy"
                                                    : "");
    if (uses_route(options) && options->route == NULL)
        return weir__refuse(stage->pipeline, WEIR_INVALID, stage->name, "fan_out is %s, and route is NULL",
                            name_of_fan_out(options->fan_out));
    if (options->fan_out == WEIR_TO_ALL && options->copy == NULL)
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
    if (options->results != NULL && stage->successor_count > 0)
        return weir__refuse(stage->pipeline, WEIR_INVALID, stage->name,
                            "results is not NULL, and its results go to stage %.100s", stage->successors[0]->name);
    if (options->results != NULL && takes_letters(stage->pipeline, options->results))
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
    return stage->options.func != NULL && stage->options.at_end == NULL && next->options.ordered &&
           next->predecessor_count == 1 && next->feeders == NULL && next->options.max_threads > 1 &&
           next->options.per_key == 0;
}

/* Sets the orderers. In a sequence of ordered stages, the order is restored once, after the last of them. */
static void find_orderers(weir_pipeline *pipeline) {
    for (size_t i = pipeline->stage_count; i-- > 0;) {
        weir_stage *stage = pipeline->order[i];
        weir_stage *next = stage->successor_count == 1 ? stage->successors[0] : NULL;
        stage->orderer = stage->options.ordered ? stage : NULL;
        if (stage->orderer != NULL && next != NULL && leaves_order_to(stage, next)) {
            stage->orderer = next->orderer;
            next->inherits = true;
        }
    }
}

/* Whether no option of the stage needs envelopes. */
static bool is_plain_stage(const weir_stage *stage) {
    const weir_stage_options *options = &stage->options;
    bool simple = options->func != NULL || options->source != NULL;
    return simple && options->at_end == NULL && !options->ordered && options->per_key == 0 && options->rate == 0 &&
           stage->successor_count <= 1;
}

static bool is_plain(const weir_pipeline *pipeline) {
    bool plain = !pipeline->flight.admission.limited && pipeline->options.settled == NULL;
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
    if (status == WEIR_OK)
        status = weir__bounds_set(pipeline);
    if (status != WEIR_OK)
        return status;
    find_orderers(pipeline);
    pipeline->plain = is_plain(pipeline);
    return WEIR_OK;
}
