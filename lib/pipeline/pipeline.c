/*
 * pipeline.c - the life of a pipeline, up to its end (end.c).
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/pipeline.h"
#include "report/figure.h"
#include "sync/border.h"
#include "sync/text.h"

enum { PUT_AT_ONCE = 32 };

static const uint64_t usual_grace = 100 * WEIR_MILLISECOND;

/* There is no pipeline yet whose message it could be. */
static weir_status check_options(const weir_pipeline_options *options) {
    for (size_t i = 0; i < sizeof options->reserved / sizeof options->reserved[0]; i++) {
        if (options->reserved[i] != NULL)
            return weir__refuse(NULL, WEIR_INVALID, NULL, "create: reserved[%zu] is not NULL", i);
    }
    if (options->max_bytes != 0 && options->weigh == NULL)
        return weir__refuse(NULL, WEIR_INVALID, NULL, "create: max_bytes is %s, and weigh is NULL",
                            weir__figure_count(options->max_bytes).text);
    return WEIR_OK;
}

weir_status weir_pipeline_create(weir_pipeline **result, const weir_pipeline_options *options) {
    static const weir_pipeline_options none;
    options = options == NULL ? &none : options;
    if (result == NULL)
        return weir__refuse(NULL, WEIR_INVALID, NULL, "create: pipeline is NULL");
    weir_status status = check_options(options);
    if (status != WEIR_OK)
        return status;
    weir_pipeline *pipeline = weir__alloc(sizeof *pipeline);
    if (pipeline == NULL)
        return weir__refuse_memory(NULL, WEIR_NOMEM, NULL, "create: the number of pipelines", 1, sizeof *pipeline);
    pipeline->options = *options;
    pipeline->born = weir__clock_now();
    if (options->grace == 0)
        pipeline->options.grace = usual_grace;
    pipeline->name = weir__copy_text(options->name == NULL ? "" : options->name);
    if (pipeline->name == NULL)
        status = weir__refuse(NULL, WEIR_NOMEM, NULL, "create: there is no memory for a copy of name");
    else if (!weir__errors_prepare(pipeline))
        status = weir__refuse_memory(NULL, WEIR_NOMEM, NULL, "create: max_errors", pipeline->errors.most,
                                     sizeof(weir_error));
    if (status != WEIR_OK) {
        weir__free(pipeline->name);
        weir__free(pipeline);
        return status;
    }
    weir__forget_refusal_of_create();
    *result = pipeline;
    return WEIR_OK;
}

static weir_stage *new_stage(weir_pipeline *pipeline, const weir_stage_options *options) {
    weir_stage *stage = weir__alloc(sizeof *stage);
    if (stage == NULL)
        return NULL;
    stage->pipeline = pipeline;
    stage->options = *options;
    stage->options.threads = options->threads != 0 ? options->threads : 1;
    stage->options.capacity = options->capacity != 0 ? options->capacity : WEIR__USUAL_CAPACITY;
    stage->options.ordered = options->ordered && options->run_batch == NULL; /* batches are, in their one thread */
    stage->number = pipeline->stage_count;
    stage->name = weir__copy_text(options->name);
    if (stage->name != NULL)
        return stage;
    weir__free(stage);
    return NULL;
}

static weir_status refuse_late(const weir_pipeline *pipeline, const char *stage, const char *call) {
    return weir__refuse(pipeline, WEIR_INVALID, stage, "%s: the pipeline is started", call);
}

static weir_status add(weir_pipeline *pipeline, weir_stage **result, const weir_stage_options *options) {
    weir_status status = weir__graph_accept(pipeline, options);
    if (status != WEIR_OK)
        return status;
    weir_stage *stage = new_stage(pipeline, options);
    if (stage == NULL)
        return weir__refuse_memory(pipeline, WEIR_NOMEM, options->name, "add: the number of stages", 1, sizeof *stage);
    if (pipeline->first == NULL)
        pipeline->first = stage;
    else
        pipeline->last->next = stage;
    pipeline->last = stage;
    pipeline->stage_count++;
    weir__graph_add_name(stage);
    if (result != NULL)
        *result = stage;
    return WEIR_OK;
}

weir_status weir_pipeline_add(weir_pipeline *pipeline, weir_stage **result, const weir_stage_options *options) {
    if (pipeline == NULL)
        return weir__refuse_null("add");
    if (weir__pipeline_has_started(pipeline))
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

static weir_status connect_two(weir_pipeline *pipeline, weir_stage *from, weir_stage *to) {
    if (from == NULL || to == NULL)
        return weir__refuse(pipeline, WEIR_INVALID,
                            from != NULL ? from->name
                            : to != NULL ? to->name
                                         : NULL,
                            "connect: %s is NULL", from == NULL ? "from" : "to");
    if (from->pipeline != pipeline || to->pipeline != pipeline)
        return weir__refuse(pipeline, WEIR_INVALID, from->pipeline != pipeline ? from->name : to->name,
                            "connect: %s is a stage of another pipeline", from->pipeline != pipeline ? "from" : "to");
    if (is_connected(from, to))
        return weir__refuse(pipeline, WEIR_INVALID, from->name, "connect: it is connected to stage %.100s already",
                            to->name);
    return weir__graph_connect(from, to);
}

weir_status weir_pipeline_connect(weir_pipeline *pipeline, weir_stage *from, weir_stage *to) {
    if (pipeline == NULL)
        return weir__refuse_null("connect");
    if (weir__pipeline_has_started(pipeline))
        return refuse_late(pipeline, from == NULL ? NULL : from->name, "connect");
    return weir__refuse_for_good(pipeline, connect_two(pipeline, from, to));
}

static bool needs_keeper(const weir_pipeline *pipeline) {
    for (const weir_stage *stage = pipeline->first; stage != NULL; stage = stage->next) {
        if (!weir__stage_is_source(stage) && (weir__stage_backs_off(stage) || stage->options.batch.wait != 0))
            return true;
    }
    return false;
}

static weir_status prepare_stages(weir_pipeline *pipeline) {
    weir_status status = WEIR_OK;
    for (weir_stage *stage = pipeline->first; status == WEIR_OK && stage != NULL; stage = stage->next)
        status = weir__stage_prepare(stage);
    return status;
}

/* From the last to the first, so that there is somebody to take. */
static weir_status start_stages(weir_pipeline *pipeline) {
    weir_status status = WEIR_OK;
    if (needs_keeper(pipeline) && !weir__keeper_start(&pipeline->keeper))
        return weir__refuse(pipeline, WEIR_NOTHREAD, NULL,
                            "start: the system would not create the thread for retry and batch.wait");
    for (size_t i = pipeline->stage_count; status == WEIR_OK && i-- > 0;)
        status = weir__stage_start(pipeline->order[i]);
    return status;
}

static weir_status launch(weir_pipeline *pipeline) {
    weir_status status = prepare_stages(pipeline);
    if (status != WEIR_OK)
        return status;
    weir__lock_acquire(&pipeline->lock);
    pipeline->started = weir__clock_now();
    pipeline->state = WEIR_RUN_RUNNING;
    weir__lock_release(&pipeline->lock);
    weir__trace_begin(pipeline);
    return start_stages(pipeline);
}

static void set_launched(weir_pipeline *pipeline) {
    weir__lock_acquire(&pipeline->lock);
    pipeline->launched = true;
    weir__lock_release(&pipeline->lock);
}

static weir_status start(weir_pipeline *pipeline) {
    weir_status status = weir__graph_check(pipeline);
    if (status != WEIR_OK)
        return weir__refuse_for_good(pipeline, status);
    status = launch(pipeline);
    if (status == WEIR_OK) {
        set_launched(pipeline);
        return WEIR_OK;
    }
    weir__note why = *weir__note_of_thread(); /* drop functions of the undoing may have something refused */
    weir__pipeline_undo(pipeline);
    *weir__note_of_thread() = why;
    return weir__refuse_for_good(pipeline, status);
}

/* A start that has failed is what a report has to say of the run. */
static void set_outcome(weir_pipeline *pipeline, weir_status outcome) {
    weir__lock_acquire(&pipeline->lock);
    pipeline->outcome = outcome;
    weir__lock_release(&pipeline->lock);
}

weir_status weir_pipeline_start(weir_pipeline *pipeline) {
    if (pipeline == NULL)
        return weir__refuse_null("start");
    if (weir__pipeline_has_started(pipeline))
        return refuse_late(pipeline, NULL, "start");
    weir_status status = pipeline->refused;
    if (status != WEIR_OK)
        (void)weir__refuse(pipeline, status, NULL, "%s", pipeline->message);
    else
        status = start(pipeline);
    if (status != WEIR_OK)
        set_outcome(pipeline, status);
    return status;
}

/* ---- putting ---- */

/* What a queue without a bound answers when it has no memory has no message yet. */
static weir_status answer_queue(const weir_pipeline *pipeline, weir_status status) {
    if (status != WEIR_NOMEM)
        return status;
    return weir__refuse_memory(pipeline, WEIR_NOMEM, pipeline->entrance->name,
                               "put: the number of segments of its queue", 1, WEIR__CHUNK);
}

static weir_status put_to_queue(weir_pipeline *pipeline, void *item, weir_deadline deadline) {
    return answer_queue(pipeline, weir_queue_put_until(pipeline->entrance->queue, item, deadline));
}

static weir_status put_many_to_queue(weir_pipeline *pipeline, void *const *items, size_t count, size_t *put,
                                     weir_deadline deadline) {
    weir_queue *queue = pipeline->entrance->queue;
    return answer_queue(pipeline, weir_queue_put_many_until(queue, items, count, put, deadline));
}

uint64_t weir__pipeline_weigh(weir_pipeline *pipeline, const void *item) {
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

/* An item on its way in, weighed; NULL: out of memory. */
static weir__envelope *wrap(weir_pipeline *pipeline, void *item) {
    weir__envelope *envelope = weir__envelope_new(pipeline, NULL, item);
    if (envelope == NULL)
        return NULL;
    envelope->stage = pipeline->entrance;
    envelope->weight = weir__pipeline_weigh(pipeline, item);
    return envelope;
}

static weir_status let_in(weir_pipeline *pipeline, const weir__envelope *envelope, weir_deadline deadline) {
    return pipeline->limited ? weir__limits_enter(&pipeline->limits, envelope->weight, true, deadline) : WEIR_OK;
}

/* One that was let in, and could not be put. */
static void turn_away(weir_pipeline *pipeline, const weir__envelope *envelope) {
    if (pipeline->limited)
        weir__limits_leave(&pipeline->limits, (weir__load){1, envelope->weight});
}

static weir_status refuse_item(const weir_pipeline *pipeline) {
    return weir__refuse_memory(pipeline, WEIR_NOMEM, NULL, "put: the number of slabs of items", 1, WEIR__SLAB);
}

static weir_status put_envelope(weir_pipeline *pipeline, void *item, weir_deadline deadline) {
    weir__envelope *envelope = wrap(pipeline, item);
    if (envelope == NULL)
        return refuse_item(pipeline);
    weir_status status = let_in(pipeline, envelope, deadline);
    if (status == WEIR_OK) {
        status = put_to_queue(pipeline, envelope, deadline);
        if (status == WEIR_OK)
            return WEIR_OK;
        turn_away(pipeline, envelope);
    }
    weir__envelope_free(pipeline, NULL, envelope);
    return status;
}

/* Of several that are put: the next ones, as far as they are wrapped, so that none is weighed twice. */
struct arrivals {
    weir__envelope *envelopes[PUT_AT_ONCE];
    size_t count;
};

/* How many items to put at once: what is let in and has no place in the queue would hold up those of other entrances. */
static size_t room_at_entrance(const weir_pipeline *pipeline) {
    const weir_stage *entrance = pipeline->entrance;
    size_t inside = weir_queue_size(entrance->queue), room = PUT_AT_ONCE;
    if (entrance->options.capacity != WEIR_UNBOUNDED)
        room = inside < entrance->options.capacity ? entrance->options.capacity - inside : 1;
    return room < PUT_AT_ONCE ? room : PUT_AT_ONCE;
}

static weir_status let_in_next(weir_pipeline *pipeline, struct arrivals *arrivals, size_t number, void *item,
                               weir_deadline deadline) {
    if (number == arrivals->count) {
        weir__envelope *envelope = wrap(pipeline, item);
        if (envelope == NULL)
            return refuse_item(pipeline);
        arrivals->envelopes[arrivals->count++] = envelope;
    }
    return let_in(pipeline, arrivals->envelopes[number], number == 0 ? deadline : 0);
}

/* Waits until the first is let in, and lets in those behind it that can be at once; `*in` is how many. */
static weir_status let_in_several(weir_pipeline *pipeline, struct arrivals *arrivals, void *const *items, size_t count,
                                  weir_deadline deadline, size_t *in) {
    size_t room = room_at_entrance(pipeline), most = count < room ? count : room;
    weir_status status = WEIR_OK;
    *in = 0;
    while (*in < most && (status = let_in_next(pipeline, arrivals, *in, items[*in], deadline)) == WEIR_OK)
        ++*in;
    return *in > 0 ? WEIR_OK : status;
}

/* Puts at least one. If there is no room for the others any more they come again. */
static weir_status put_several(weir_pipeline *pipeline, struct arrivals *arrivals, void *const *items, size_t count,
                               size_t *put, weir_deadline deadline) {
    weir_queue *queue = pipeline->entrance->queue;
    size_t in, done = 0;
    weir_status status = let_in_several(pipeline, arrivals, items, count, deadline, &in);
    if (status != WEIR_OK)
        return status;
    (void)weir_queue_try_put_many(queue, (void *const *)arrivals->envelopes, in, &done);
    if (done == 0) {
        status = put_to_queue(pipeline, arrivals->envelopes[0], deadline);
        done = status == WEIR_OK;
    }
    for (size_t i = done; i < in; i++)
        turn_away(pipeline, arrivals->envelopes[i]);
    arrivals->count -= done;
    for (size_t i = 0; i < arrivals->count; i++)
        arrivals->envelopes[i] = arrivals->envelopes[i + done];
    *put += done;
    return status;
}

static bool has_entrance(const weir_pipeline *pipeline) {
    return pipeline != NULL && pipeline->started != 0 && pipeline->refused == WEIR_OK && pipeline->entrance != NULL;
}

/* What was refused before is why there is no run. */
static weir_status refuse_put(const weir_pipeline *pipeline) {
    if (pipeline == NULL)
        return weir__refuse_null("put");
    if (pipeline->refused != WEIR_OK)
        return weir__refuse(pipeline, WEIR_INVALID, NULL, "put: the pipeline is not started: %s", pipeline->message);
    if (pipeline->started == 0)
        return weir__refuse(pipeline, WEIR_INVALID, NULL, "put: the pipeline is not started");
    return weir__refuse(pipeline, WEIR_INVALID, NULL, "put: no stage takes what is put: sources lead to all of them");
}

/* V2. A thread that is inside may be the one that would make room: it does not wait for ever. */
static weir_deadline put_limit(const weir_pipeline *pipeline, weir_deadline deadline) {
    return deadline == WEIR_NEVER && weir__visit_find(pipeline) != NULL ? 0 : deadline;
}

/* What a put returns that was asked to wait until `deadline` and waited until its put_limit. */
static weir_status answer_put(const weir_pipeline *pipeline, weir_status status, weir_deadline deadline) {
    if (status != WEIR_TIMEDOUT || deadline != WEIR_NEVER)
        return status;
    return weir__refuse(pipeline, WEIR_DEADLOCK, NULL,
                        "put: there is no room, and this thread, which is inside the pipeline, may have to make it");
}

weir_status weir_pipeline_put_until(weir_pipeline *pipeline, void *item, weir_deadline deadline) {
    if (!has_entrance(pipeline))
        return refuse_put(pipeline);
    weir_deadline limit = put_limit(pipeline, deadline);
    weir_status status = pipeline->plain ? put_to_queue(pipeline, item, limit) : put_envelope(pipeline, item, limit);
    return answer_put(pipeline, status, deadline);
}

weir_status weir_pipeline_put(weir_pipeline *pipeline, void *item) {
    return weir_pipeline_put_until(pipeline, item, WEIR_NEVER);
}

static weir_status check_put_many(const weir_pipeline *pipeline, void *const *items, size_t count, const size_t *put) {
    if (put == NULL)
        return weir__refuse(pipeline, WEIR_INVALID, NULL, "put_many: put is NULL");
    if (!has_entrance(pipeline))
        return refuse_put(pipeline);
    if (items == NULL && count > 0)
        return weir__refuse(pipeline, WEIR_INVALID, NULL, "put_many: items is NULL, and count is %zu", count);
    return WEIR_OK;
}

static weir_status put_many_envelopes(weir_pipeline *pipeline, void *const *items, size_t count, size_t *put,
                                      weir_deadline deadline) {
    struct arrivals arrivals = {.count = 0};
    weir_status status = WEIR_OK;
    while (*put < count && status == WEIR_OK)
        status = put_several(pipeline, &arrivals, items + *put, count - *put, put, deadline);
    while (arrivals.count > 0)
        weir__envelope_free(pipeline, NULL, arrivals.envelopes[--arrivals.count]);
    return status;
}

weir_status weir_pipeline_put_many_until(weir_pipeline *pipeline, void *const *items, size_t count, size_t *put,
                                         weir_deadline deadline) {
    if (put != NULL)
        *put = 0;
    weir_status status = check_put_many(pipeline, items, count, put);
    if (status != WEIR_OK)
        return status;
    weir_deadline limit = put_limit(pipeline, deadline);
    status = pipeline->plain ? put_many_to_queue(pipeline, items, count, put, limit)
                             : put_many_envelopes(pipeline, items, count, put, limit);
    return answer_put(pipeline, status, deadline);
}

weir_status weir_pipeline_put_many(weir_pipeline *pipeline, void *const *items, size_t count, size_t *put) {
    return weir_pipeline_put_many_until(pipeline, items, count, put, WEIR_NEVER);
}

/* ---- the very end ---- */

static void free_all(weir_pipeline *pipeline) {
    for (weir_stage *stage = pipeline->first, *next; stage != NULL; stage = next) {
        next = stage->next;
        weir__stage_free(stage);
    }
    weir__pool_empty(&pipeline->pool);
    weir__errors_free(pipeline);
    weir__event_close(&pipeline->cancel_event);
    weir__event_close(&pipeline->end_event);
    weir__free(pipeline->order);
    weir__free(pipeline->name);
    weir__free(pipeline);
}

weir_status weir_pipeline_destroy(weir_pipeline *pipeline) {
    if (pipeline == NULL)
        return WEIR_OK;
    if (weir__pipeline_is_self(pipeline))
        return weir__refuse_inside(pipeline, "destroy");
    if (pipeline->started != 0 && pipeline->refused == WEIR_OK && !weir__pipeline_end_cancelled(pipeline))
        return WEIR_BUSY;
    free_all(pipeline);
    return WEIR_OK;
}
