/*
 * put.c - Puts items into pipelines.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/run/put.h"

#include "pipeline/state/callback.h"
#include "pipeline/state/pipeline.h"
#include "pipeline/state/refuse.h"
#include "report/figure.h"

enum { PUT_AT_ONCE = 32 };

/* Returns the status of a put to the queue. Adds a message if the queue had no memory. */
static weir_status answer_queue(const weir_pipeline *pipeline, weir_status status) {
    if (status != WEIR_NOMEM)
        return status;
    return weir__refuse(pipeline, WEIR_NOMEM, pipeline->entrance->name, "put: cannot allocate %s for its queue",
                        weir__figure_bytes(WEIR__CHUNK).text);
}

static weir_status put_to_queue(weir_pipeline *pipeline, void *item, weir_deadline deadline) {
    return answer_queue(pipeline, weir_queue_put_until(pipeline->entrance->queue, item, deadline));
}

static weir_status put_many_to_queue(weir_pipeline *pipeline, void *const *items, size_t count, size_t *put,
                                     weir_deadline deadline) {
    weir_queue *queue = pipeline->entrance->queue;
    return answer_queue(pipeline, weir_queue_put_many_until(queue, items, count, put, deadline));
}

/* Returns a new envelope with an item, its weight and its ticket, if any. Returns NULL if there is no memory. */
static weir__envelope *wrap(weir_pipeline *pipeline, void *item, const weir__ticket *ticket) {
    weir__envelope *envelope = weir__envelope_new(&pipeline->flight, NULL, item);
    if (envelope == NULL)
        return NULL;
    envelope->stage = pipeline->entrance;
    envelope->weight = weir__weigh(pipeline, item);
    if (ticket == NULL || weir__envelope_ticket(&pipeline->flight, NULL, envelope, ticket))
        return envelope;
    weir__envelope_free(&pipeline->flight, NULL, envelope);
    return NULL;
}

static weir_status admit(weir_pipeline *pipeline, const weir__envelope *envelope, weir_deadline deadline) {
    weir__admission *admission = &pipeline->flight.admission;
    return admission->limited ? weir__admission_enter(admission, envelope->weight, true, deadline) : WEIR_OK;
}

/* Releases the room of an item that was admitted but not put. */
static void return_room(weir_pipeline *pipeline, const weir__envelope *envelope) {
    if (pipeline->flight.admission.limited)
        weir__admission_leave(&pipeline->flight.admission, (weir__load){1, envelope->weight});
}

static weir_status refuse_item(const weir_pipeline *pipeline) {
    return weir__refuse(pipeline, WEIR_NOMEM, NULL, "put: cannot allocate %s for items",
                        weir__figure_bytes(WEIR__SLAB).text);
}

static weir_status put_envelope(weir_pipeline *pipeline, void *item, const weir__ticket *ticket,
                                weir_deadline deadline) {
    weir__envelope *envelope = wrap(pipeline, item, ticket);
    if (envelope == NULL)
        return refuse_item(pipeline);
    weir_status status = admit(pipeline, envelope, deadline);
    if (status == WEIR_OK) {
        status = put_to_queue(pipeline, envelope, deadline);
        if (status == WEIR_OK)
            return WEIR_OK;
        return_room(pipeline, envelope);
    }
    weir__envelope_abandon(&pipeline->flight, NULL, envelope);
    return status;
}

/*
 * Envelopes of the next items of a put of several. Items keep their envelopes between attempts, so each item is weighed
 * once.
 */
struct arrivals {
    weir__envelope *envelopes[PUT_AT_ONCE];
    size_t count;
};

/* Returns the number of items to put at once. An item admitted without a place in the queue would hold up sources. */
static size_t room_at_entrance(const weir_pipeline *pipeline) {
    const weir_stage *entrance = pipeline->entrance;
    size_t inside = weir_queue_size(entrance->queue), room = PUT_AT_ONCE;
    if (entrance->options.input.capacity != WEIR_UNBOUNDED)
        room = inside < entrance->options.input.capacity ? entrance->options.input.capacity - inside : 1;
    return room < PUT_AT_ONCE ? room : PUT_AT_ONCE;
}

static weir_status admit_next(weir_pipeline *pipeline, struct arrivals *arrivals, size_t number, void *item,
                              weir_deadline deadline) {
    if (number == arrivals->count) {
        weir__envelope *envelope = wrap(pipeline, item, NULL);
        if (envelope == NULL)
            return refuse_item(pipeline);
        arrivals->envelopes[arrivals->count++] = envelope;
    }
    return admit(pipeline, arrivals->envelopes[number], number == 0 ? deadline : 0);
}

/*
 * Blocks until the first item is admitted. Admits further items as long as that needs no wait. Sets `*in` to the number
 * of items admitted.
 */
static weir_status admit_several(weir_pipeline *pipeline, struct arrivals *arrivals, void *const *items, size_t count,
                                 weir_deadline deadline, size_t *in) {
    size_t room = room_at_entrance(pipeline), most = count < room ? count : room;
    weir_status status = WEIR_OK;
    *in = 0;
    while (*in < most && (status = admit_next(pipeline, arrivals, *in, items[*in], deadline)) == WEIR_OK)
        ++*in;
    return *in > 0 ? WEIR_OK : status;
}

/*
 * Puts at least one item, unless the put fails. Items that do not fit in the queue any more release their room, and are
 * admitted again later.
 */
static weir_status put_several(weir_pipeline *pipeline, struct arrivals *arrivals, void *const *items, size_t count,
                               size_t *put, weir_deadline deadline) {
    weir_queue *queue = pipeline->entrance->queue;
    size_t in, done = 0;
    weir_status status = admit_several(pipeline, arrivals, items, count, deadline, &in);
    if (status != WEIR_OK)
        return status;
    (void)weir_queue_try_put_many(queue, (void *const *)arrivals->envelopes, in, &done);
    if (done == 0) {
        while (in > 1)
            return_room(pipeline, arrivals->envelopes[--in]); /* others may enter while this put blocks */
        status = put_to_queue(pipeline, arrivals->envelopes[0], deadline);
        done = status == WEIR_OK;
    }
    for (size_t i = done; i < in; i++)
        return_room(pipeline, arrivals->envelopes[i]);
    arrivals->count -= done;
    for (size_t i = 0; i < arrivals->count; i++)
        arrivals->envelopes[i] = arrivals->envelopes[i + done];
    *put += done;
    return status;
}

static bool has_entrance(const weir_pipeline *pipeline) {
    return pipeline != NULL && pipeline->started != 0 && pipeline->refused == WEIR_OK && pipeline->entrance != NULL;
}

/* Refuses a put. If add, connect or start was refused before, the message repeats why. */
static weir_status refuse_put(const weir_pipeline *pipeline) {
    if (pipeline == NULL)
        return weir__refuse_null("put");
    if (pipeline->refused != WEIR_OK)
        return weir__refuse(pipeline, WEIR_INVALID, NULL, "put: the pipeline is not started: %s", pipeline->message);
    if (pipeline->started == 0)
        return weir__refuse(pipeline, WEIR_INVALID, NULL, "put: the pipeline is not started");
    return weir__refuse(pipeline, WEIR_INVALID, NULL,
                        "put: the pipeline has no entry stage: each stage is a source or has a predecessor");
}

/*
 * V2. Returns the deadline of a put. A put without a deadline does not block inside the pipeline: its thread may be the
 * one that must make room.
 */
static weir_deadline put_limit(const weir_pipeline *pipeline, weir_deadline deadline) {
    return deadline == WEIR_NEVER && weir__visit_find(pipeline) != NULL ? 0 : deadline;
}

/* Returns the status of a put that was called with `deadline` and has blocked until put_limit. */
static weir_status answer_put(const weir_pipeline *pipeline, weir_status status, weir_deadline deadline) {
    if (status == WEIR_CLOSED)
        return weir__refuse_ended(pipeline, "put");
    if (status != WEIR_TIMEDOUT)
        return status;
    if (deadline != WEIR_NEVER)
        return weir__refuse(pipeline, WEIR_TIMEDOUT, NULL, "put: there was no room before the deadline");
    return weir__refuse(
        pipeline, WEIR_DEADLOCK, NULL,
        "put: there is no room, and this thread is running a callback of the pipeline: blocking could deadlock");
}

weir_status weir__put_with(weir_pipeline *pipeline, void *item, const weir__ticket *ticket, weir_deadline deadline) {
    if (!has_entrance(pipeline))
        return refuse_put(pipeline);
    weir_deadline limit = put_limit(pipeline, deadline);
    weir_status status =
        pipeline->plain ? put_to_queue(pipeline, item, limit) : put_envelope(pipeline, item, ticket, limit);
    return answer_put(pipeline, status, deadline);
}

weir_status weir_pipeline_put_until(weir_pipeline *pipeline, void *item, weir_deadline deadline) {
    return weir__put_with(pipeline, item, NULL, deadline);
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
        weir__envelope_free(&pipeline->flight, NULL, arrivals.envelopes[--arrivals.count]);
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
