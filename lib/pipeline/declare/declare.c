/*
 * declare.c - Declares pipelines: create, add, connect.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/declare/feedback.h"
#include "pipeline/declare/graph.h"
#include "pipeline/declare/options.h"
#include "pipeline/declare/outputs.h"
#include "pipeline/state/phase.h"
#include "pipeline/state/refuse.h"
#include "pipeline/state/settled.h"
#include "report/figure.h"
#include "sync/text.h"

static const uint64_t usual_grace = 100 * WEIR_MILLISECOND;

/* Checks the options of create. The message belongs to the thread: no pipeline exists yet. */
static weir_status check_options(const weir_pipeline_options *options) {
    for (size_t i = 0; i < sizeof options->reserved / sizeof options->reserved[0]; i++) {
        if (options->reserved[i] != NULL)
            return weir__refuse(NULL, WEIR_INVALID, NULL, "create: reserved[%zu] is not NULL", i);
    }
    if (options->max_bytes != 0 && options->weigh == NULL)
        return weir__refuse(NULL, WEIR_INVALID, NULL, "create: max_bytes is %s, and weigh is NULL",
                            weir__figure_count(options->max_bytes).text);
    if (options->weigh_arg != NULL && options->weigh == NULL)
        return weir__refuse(NULL, WEIR_INVALID, NULL, "create: weigh_arg is not NULL, and weigh is NULL");
    return WEIR_OK;
}

/* Copies the options into the pipeline, and sets defaults. */
static weir_status prepare(weir_pipeline *pipeline, const weir_pipeline_options *options) {
    pipeline->options = *options;
    pipeline->born = weir__clock_now();
    weir__settled_prepare(pipeline);
    if (options->grace == 0)
        pipeline->options.grace = usual_grace;
    pipeline->name = weir__copy_text(options->name == NULL ? "" : options->name);
    if (pipeline->name == NULL)
        return weir__refuse(NULL, WEIR_NOMEM, NULL, "create: cannot allocate a copy of name");
    if (!weir__errors_prepare(&pipeline->errors, options->max_errors))
        return weir__refuse_memory(NULL, WEIR_NOMEM, NULL, "create: max_errors", pipeline->errors.most,
                                   sizeof(weir_error));
    return WEIR_OK;
}

weir_status weir_pipeline_create(weir_pipeline **result, const weir_pipeline_options *options) {
    weir_pipeline_options known;
    if (result == NULL)
        return weir__refuse(NULL, WEIR_INVALID, NULL, "create: pipeline is NULL");
    weir_status status = weir__options_take_of_pipeline(&known, options);
    if (status == WEIR_OK)
        status = check_options(&known);
    if (status != WEIR_OK)
        return status;
    weir_pipeline *pipeline = weir__alloc(sizeof *pipeline);
    if (pipeline == NULL)
        return weir__refuse(NULL, WEIR_NOMEM, NULL, "create: cannot allocate %s for the pipeline",
                            weir__figure_bytes(sizeof *pipeline).text);
    status = prepare(pipeline, &known);
    if (status != WEIR_OK) {
        weir__free(pipeline->name);
        weir__free(pipeline);
        return status;
    }
    weir__forget_refusal_of_create();
    *result = pipeline;
    return WEIR_OK;
}

/* Chooses where the stage runs, and sets the number of its lanes. */
static void place(weir_stage *stage) {
    weir_stage_options *options = &stage->options;
    bool one = options->work.source != NULL || (options->output.ordered && options->work.run_batch != NULL);
    bool has_state = options->work.init != NULL || options->work.fini != NULL || options->work.at_end != NULL;
    stage->on_crew = options->threads.count == 0 && options->threads.max == 0 && !has_state;
    size_t usual = stage->on_crew && !one ? weir__processors() : 1;
    if (options->threads.count == 0)
        options->threads.count = options->threads.width != 0 ? options->threads.width : usual;
    if (options->threads.max < options->threads.count)
        options->threads.max = options->threads.count;
}

static weir_stage *new_stage(weir_pipeline *pipeline, const weir_stage_options *options) {
    weir_stage *stage = weir__alloc(sizeof *stage);
    if (stage == NULL)
        return NULL;
    stage->pipeline = pipeline;
    stage->options = *options;
    place(stage);
    stage->options.input.capacity = options->input.capacity != 0 ? options->input.capacity : WEIR__USUAL_CAPACITY;
    stage->options.output.ordered =
        options->output.ordered &&
        options->work.run_batch == NULL; /* ordered batches have one thread, which keeps the order */
    stage->number = pipeline->stage_count;
    stage->name = weir__copy_text(options->name);
    if (stage->name != NULL)
        return stage;
    weir__free(stage);
    return NULL;
}

static weir_status refuse_late(const weir_pipeline *pipeline, const char *stage, const char *call) {
    return weir__refuse(pipeline, WEIR_INVALID, stage, "%s: the pipeline is already started", call);
}

static weir_status add(weir_pipeline *pipeline, weir_stage **result, const weir_stage_options *options) {
    weir_stage_options known;
    weir_status status = weir__options_take(pipeline, &known, options);
    if (status == WEIR_OK)
        status = weir__graph_accept(pipeline, &known);
    if (status != WEIR_OK)
        return status;
    weir_stage *stage = new_stage(pipeline, &known);
    if (stage == NULL)
        return weir__refuse(pipeline, WEIR_NOMEM, known.name, "add: cannot allocate %s for the stage",
                            weir__figure_bytes(sizeof *stage).text);
    if (pipeline->first == NULL)
        pipeline->first = stage;
    else
        pipeline->last->next = stage;
    pipeline->last = stage;
    pipeline->stage_count++;
    weir__graph_add_name(stage);
    weir__outputs_enter(stage);
    if (result != NULL)
        *result = stage;
    return WEIR_OK;
}

weir_status weir_pipeline_add(weir_pipeline *pipeline, weir_stage **result, const weir_stage_options *options) {
    if (pipeline == NULL)
        return weir__refuse_null("add");
    if (weir__has_started(pipeline))
        return refuse_late(pipeline, options == NULL ? NULL : options->name, "add");
    return weir__refuse_for_good(pipeline, add(pipeline, result, options));
}

static bool is_connected(const weir_stage *from, const weir_stage *to) {
    if (to->predecessor_count == 0)
        return false;
    for (size_t i = 0; i < from->successor_count; i++) {
        if (from->successors[i] == to)
            return true;
    }
    return false;
}

/* Checks that two stages are of this pipeline. */
static weir_status check_two(const weir_pipeline *pipeline, const weir_stage *from, const weir_stage *to,
                             const char *call) {
    if (from == NULL || to == NULL)
        return weir__refuse(pipeline, WEIR_INVALID,
                            from != NULL ? from->name
                            : to != NULL ? to->name
                                         : NULL,
                            "%s: %s is NULL", call, from == NULL ? "from" : "to");
    if (from->pipeline != pipeline || to->pipeline != pipeline)
        return weir__refuse(pipeline, WEIR_INVALID, from->pipeline != pipeline ? from->name : to->name,
                            "%s: %s is a stage of another pipeline", call, from->pipeline != pipeline ? "from" : "to");
    return WEIR_OK;
}

static weir_status connect_two(weir_pipeline *pipeline, weir_stage *from, weir_stage *to) {
    weir_status status = check_two(pipeline, from, to, "connect");
    if (status != WEIR_OK)
        return status;
    if (is_connected(from, to))
        return weir__refuse(pipeline, WEIR_INVALID, from->name, "connect: it is already connected to stage %.100s",
                            to->name);
    return weir__graph_connect(from, to);
}

weir_status weir_pipeline_connect(weir_pipeline *pipeline, weir_stage *from, weir_stage *to) {
    if (pipeline == NULL)
        return weir__refuse_null("connect");
    if (weir__has_started(pipeline))
        return refuse_late(pipeline, from == NULL ? NULL : from->name, "connect");
    return weir__refuse_for_good(pipeline, connect_two(pipeline, from, to));
}

static weir_status connect_back(weir_pipeline *pipeline, weir_stage *from, weir_stage *to) {
    weir_status status = check_two(pipeline, from, to, "connect_back");
    if (status != WEIR_OK)
        return status;
    if (weir__feedback_has(from, to))
        return weir__refuse(pipeline, WEIR_INVALID, from->name,
                            "connect_back: it is already connected back to stage %.100s", to->name);
    return weir__feedback_add(from, to);
}

weir_status weir_pipeline_connect_back(weir_pipeline *pipeline, weir_stage *from, weir_stage *to) {
    if (pipeline == NULL)
        return weir__refuse_null("connect_back");
    if (weir__has_started(pipeline))
        return refuse_late(pipeline, from == NULL ? NULL : from->name, "connect_back");
    return weir__refuse_for_good(pipeline, connect_back(pipeline, from, to));
}

/* Returns why a stage can have no stage for its dead letters, or NULL. */
static const char *why_no_letters(const weir_stage *from) {
    return weir__stage_is_source(from)         ? "a source has no input"
           : from->options.work.func != NULL   ? "a func cannot fail: use run"
           : from->options.errors.dead != NULL ? "dead is not NULL: letters go to a queue or to a stage"
                                               : NULL;
}

static weir_status connect_dead(weir_pipeline *pipeline, weir_stage *from, weir_stage *to) {
    weir_status status = check_two(pipeline, from, to, "connect_dead");
    if (status != WEIR_OK)
        return status;
    const char *why = why_no_letters(from);
    if (why != NULL)
        return weir__refuse(pipeline, WEIR_INVALID, from->name, "connect_dead: it has no dead letters: %s", why);
    if (from->dead_to != NULL)
        return weir__refuse(pipeline, WEIR_INVALID, from->name,
                            "connect_dead: its dead letters already go to stage %.100s", from->dead_to->name);
    weir__graph_connect_dead(from, to);
    return WEIR_OK;
}

weir_status weir_pipeline_connect_dead(weir_pipeline *pipeline, weir_stage *from, weir_stage *to) {
    if (pipeline == NULL)
        return weir__refuse_null("connect_dead");
    if (weir__has_started(pipeline))
        return refuse_late(pipeline, from == NULL ? NULL : from->name, "connect_dead");
    return weir__refuse_for_good(pipeline, connect_dead(pipeline, from, to));
}
