/*
 * graph.c - whether the stages can be a pipeline.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <stdarg.h>
#include <string.h>

#include "pipeline/pipeline.h"

void weir__explain(weir_pipeline *pipeline, const char *stage, const char *format, ...) {
    size_t size = sizeof pipeline->message, used = 0;
    va_list arguments;
    if (stage != NULL)
        used = (size_t)snprintf(pipeline->message, size, "stage %.100s: ", stage);
    va_start(arguments, format);
    (void)vsnprintf(pipeline->message + used, size - used, format, arguments);
    va_end(arguments);
}

static size_t count_functions(const weir_stage_options *options) {
    return (size_t)(options->func != NULL) + (options->run != NULL) + (options->run_batch != NULL) +
           (options->source != NULL);
}

static bool has_reserved(const weir_stage_options *options) {
    for (size_t i = 0; i < sizeof options->reserved / sizeof options->reserved[0]; i++) {
        if (options->reserved[i] != NULL)
            return true;
    }
    return false;
}

static const char *wrong_with_batch(const weir_stage_options *options) {
    const weir_batch *batch = &options->batch;
    bool limited = batch->items != 0 || batch->bytes != 0;
    if (options->run_batch == NULL)
        return limited || batch->wait != 0 ? "a batch is for run_batch" : NULL;
    if (!limited)
        return "a batch needs a number of items or of bytes";
    if (batch->bytes != 0 && batch->weigh == NULL)
        return "a batch by bytes needs a function to weigh";
    if (options->per_key != 0)
        return "a batch cannot have a limit for keys";
    if (options->ordered && (options->threads > 1 || options->retry.attempts > 1 || batch->wait != 0))
        return "batches keep their order in one thread only, without retries and without a wait";
    return NULL;
}

/* NULL: nothing. */
static const char *wrong_with(const weir_stage_options *options) {
    if (count_functions(options) != 1)
        return "needs exactly one of func, run, run_batch and source";
    if (has_reserved(options))
        return "has a reserved member that is not NULL";
    if (options->per_key != 0 && options->key == NULL)
        return "a limit for keys needs a function for the key";
    if (options->source != NULL && (options->per_key != 0 || options->ordered || options->dead != NULL))
        return "a source has no items in front, so no order, no keys and no dead letters";
    if (options->func != NULL && (options->retry.attempts > 1 || options->dead != NULL))
        return "a func cannot fail, so it has no retries and no dead letters";
    if (!(options->rate >= 0) || options->rate > 1e9)
        return "a rate is from 0 to a thousand million a second";
    if (options->fan_out > WEIR_TO_ALL || options->on_error > WEIR_SKIP)
        return "has a fan_out or an on_error that there is not";
    return wrong_with_batch(options);
}

bool weir__graph_accepts(weir_pipeline *pipeline, const weir_stage_options *options) {
    if (options == NULL || options->name == NULL || options->name[0] == '\0') {
        weir__explain(pipeline, NULL, "a stage needs options with a name");
        return false;
    }
    for (const weir_stage *stage = pipeline->first; stage != NULL; stage = stage->next) {
        if (strcmp(stage->name, options->name) == 0) {
            weir__explain(pipeline, options->name, "there is one of that name already");
            return false;
        }
    }
    const char *wrong = wrong_with(options);
    if (wrong != NULL)
        weir__explain(pipeline, options->name, "%s", wrong);
    return wrong == NULL;
}

weir_status weir__graph_connect(weir_stage *from, weir_stage *to) {
    weir_stage **longer = weir__alloc((from->successor_count + 1) * sizeof(weir_stage *));
    if (longer == NULL)
        return WEIR_NOMEM;
    for (size_t i = 0; i < from->successor_count; i++)
        longer[i] = from->successors[i];
    longer[from->successor_count++] = to;
    weir__free(from->successors);
    from->successors = longer;
    to->predecessor_count++;
    from->pipeline->edge_count++;
    return WEIR_OK;
}

static weir_status connect_chain(weir_pipeline *pipeline) {
    weir_status status = WEIR_OK;
    for (weir_stage *stage = pipeline->first; status == WEIR_OK && stage->next != NULL; stage = stage->next)
        status = weir__graph_connect(stage, stage->next);
    return status;
}

static bool find_entrance(weir_pipeline *pipeline) {
    for (weir_stage *stage = pipeline->first; stage != NULL; stage = stage->next) {
        if (stage->predecessor_count > 0 || weir__stage_is_source(stage))
            continue;
        if (pipeline->entrance != NULL) {
            weir__explain(pipeline, stage->name, "nothing leads to it, and items are put to stage %.100s",
                          pipeline->entrance->name);
            return false;
        }
        pipeline->entrance = stage;
    }
    return true;
}

/*
 * A. Kahn, "Topological Sorting of Large Networks", CACM 5, 1962: again and again one that nothing leads to but what
 * has been taken. `marks` has how many lead to each that have not.
 */
static bool sort(weir_pipeline *pipeline, size_t *marks) {
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
    }
    for (weir_stage *stage = pipeline->first; stage != NULL && sorted < pipeline->stage_count; stage = stage->next) {
        if (marks[stage->number] > 0) {
            weir__explain(pipeline, stage->name, "it is on a cycle, or behind one");
            return false;
        }
    }
    return true;
}

static weir_status find_order(weir_pipeline *pipeline) {
    pipeline->order = weir__alloc(pipeline->stage_count * sizeof(weir_stage *));
    size_t *marks = weir__alloc(pipeline->stage_count * sizeof *marks);
    weir_status status = WEIR_NOMEM;
    if (pipeline->order != NULL && marks != NULL)
        status = sort(pipeline, marks) ? WEIR_OK : WEIR_INVALID;
    weir__free(marks);
    return status;
}

/* Whether dead letters go there. */
static bool takes_letters(const weir_pipeline *pipeline, const weir_queue *queue) {
    for (const weir_stage *stage = pipeline->first; stage != NULL; stage = stage->next) {
        if (stage->options.dead == queue)
            return true;
    }
    return false;
}

static const char *wrong_with_ends(const weir_stage *stage) {
    const weir_stage_options *options = &stage->options;
    bool fans_out = stage->successor_count > 1;
    if (weir__stage_is_source(stage) && stage->predecessor_count > 0)
        return "something leads to it, but it is a source";
    if (options->results != NULL && stage->successor_count > 0)
        return "its results go to other stages, not to a queue";
    if (fans_out && options->route == NULL && (options->fan_out == WEIR_BY_KEY || options->fan_out == WEIR_BY_CHOICE))
        return "its fan_out needs a route";
    if (fans_out && options->fan_out == WEIR_TO_ALL && options->copy == NULL)
        return "a fan-out to all needs a function to copy";
    if (options->results != NULL && takes_letters(stage->pipeline, options->results))
        return "results and dead letters cannot go to one queue";
    return NULL;
}

static bool check_ends(weir_pipeline *pipeline) {
    for (weir_stage *stage = pipeline->first; stage != NULL; stage = stage->next) {
        const char *wrong = wrong_with_ends(stage);
        if (wrong != NULL) {
            weir__explain(pipeline, stage->name, "%s", wrong);
            return false;
        }
    }
    return true;
}

/*
 * Whether `next` may make the order of the results of `stage` too, each of which is made of one item. If it calls its
 * function in one thread only, or lets items in by their keys, it is to have them in order itself.
 */
static bool leaves_order_to(const weir_stage *stage, const weir_stage *next) {
    return stage->options.func != NULL && next->options.ordered && next->predecessor_count == 1 &&
           next->options.threads > 1 && next->options.per_key == 0;
}

/* Where ordered stages follow one another, one order, behind the last of them, is enough. */
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

/* Whether a stage asks for nothing that needs an envelope. */
static bool is_plain_stage(const weir_stage *stage) {
    const weir_stage_options *options = &stage->options;
    return options->func != NULL && !options->ordered && options->per_key == 0 && options->rate == 0 &&
           stage->successor_count <= 1;
}

static bool is_plain(const weir_pipeline *pipeline) {
    bool plain = !pipeline->limited;
    for (const weir_stage *stage = pipeline->first; plain && stage != NULL; stage = stage->next)
        plain = is_plain_stage(stage);
    return plain;
}

weir_status weir__graph_check(weir_pipeline *pipeline) {
    if (pipeline->first == NULL) {
        weir__explain(pipeline, NULL, "a pipeline needs a stage");
        return WEIR_INVALID;
    }
    if (pipeline->edge_count == 0 && connect_chain(pipeline) != WEIR_OK)
        return WEIR_NOMEM;
    weir_status status = find_order(pipeline);
    if (status != WEIR_OK)
        return status;
    if (!check_ends(pipeline) || !find_entrance(pipeline) || !weir__bounds_set(pipeline))
        return WEIR_INVALID;
    find_orderers(pipeline);
    pipeline->plain = is_plain(pipeline);
    return WEIR_OK;
}
