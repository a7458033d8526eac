/*
 * send.c - Sends results to the next stages, or out of the pipeline.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/outcome/send.h"

#include <inttypes.h>
#include <stdio.h>

#include "closable_queue/put.h"
#include "pipeline/observe/timing.h"
#include "pipeline/outcome/outcome.h"
#include "pipeline/outcome/route.h"
#include "pipeline/state/callback.h"
#include "pipeline/waits/own_wait.h"
#include "sync/border.h"

static weir__cause cause_of(const weir_stage *stage, const weir_queue *queue) {
    if (queue == stage->options.output.results)
        return WEIR__FOR_RESULTS;
    return queue == stage->options.errors.dead ? WEIR__FOR_LETTERS : WEIR__FOR_ROOM;
}

static weir_status put_waiting(weir__lane *lane, weir_queue *queue, void *item) {
    weir_status status = WEIR_FULL;
    if (!weir__waits_itself(lane->stage))
        return weir__queue_put_unless(queue, item, &lane->stage->pipeline->cancelled); /* Q18 */
    while (status == WEIR_FULL && weir__own_wait_for_room(lane, queue))
        status = weir_queue_try_put(queue, item);
    return status == WEIR_FULL ? WEIR_CLOSED : status;
}

/* Puts to a queue that was full in the last try. Blocks while the queue is full, until a cancel. */
static weir_status put_blocking(weir__lane *lane, weir_queue *queue, void *item) {
    weir__timing_block(lane, cause_of(lane->stage, queue));
    weir_status status = put_waiting(lane, queue, item);
    weir__timing_unblock(lane);
    return status == WEIR_TIMEDOUT ? WEIR_CLOSED : status;
}

weir_status weir__offer(weir__lane *lane, weir_queue *queue, void *item) {
    weir_status status = weir_queue_try_put(queue, item);
    return status == WEIR_FULL ? put_blocking(lane, queue, item) : status;
}

static const char no_memory[] = "cannot allocate memory for a result";

/* Adds the error that there was no memory for a result. The error belongs to the stage that sends. */
static void lack_memory(weir_stage *from) {
    weir__fail_stage(from, WEIR_CODE(WEIR_NOMEM), no_memory);
}

/*
 * Drops an item that the queue of `to` has refused, and counts the item in `to`. If a cancel has closed the queue, the
 * item counts as dropped; if there was no memory, as failed. Returns that verdict.
 */
static weir__verdict refuse(weir_stage *from, weir_stage *to, void *item, weir_status why) {
    weir__verdict verdict = why == WEIR_CLOSED ? WEIR__DROPPED : WEIR__FAILED;
    weir__count_shared(&to->refused[verdict], 1);
    weir__drop_item(to, item);
    if (verdict == WEIR__FAILED)
        lack_memory(from);
    return verdict;
}

/* Resets the envelope for that stage. */
static void address(weir__envelope *envelope, weir_stage *to) {
    envelope->stage = to;
    envelope->attempts = 0;
    envelope->verdict = WEIR__DONE;
    envelope->is_result = false;
    envelope->reason = 0;
    envelope->key = NULL;
    envelope->entered = false;
    envelope->lost = false;
}

bool weir__send_to(weir_stage *from, weir_stage *to, weir__lane *lane, weir__envelope *envelope,
                   weir__verdict *verdict) {
    address(envelope, to);
    weir_status status = weir__offer(lane, to->queue, envelope);
    if (status == WEIR_OK)
        return true;
    *verdict = refuse(from, to, envelope->item, status);
    return false;
}

static void pass(weir_stage *from, weir_stage *to, weir__lane *lane, weir__envelope *envelope) {
    weir__verdict verdict;
    if (!weir__send_to(from, to, lane, envelope, &verdict))
        weir__envelope_end(&to->pipeline->flight, &lane->account, envelope, verdict);
}

static void *call_copy(weir_stage *from, void *result) {
    weir__callback call;
    weir__callback_begin(&call, from->pipeline, from, WEIR_IN_CALLBACK);
    void *copy = from->options.output.copy(result, from->options.work.arg);
    weir__border();
    weir__callback_end(&call);
    return copy;
}

/*
 * Returns a further piece with a copy of the result. Returns NULL on failure, with the reason in `*why`. The copy of a
 * NULL result is NULL.
 */
static weir__envelope *copy_of(weir_stage *from, weir__lane *lane, weir__envelope *envelope, const char **why) {
    weir__envelope *copy = weir__envelope_new(&from->pipeline->flight, &lane->account, NULL);
    if (copy == NULL) {
        *why = no_memory;
        return NULL;
    }
    if (envelope->item != NULL && (copy->item = call_copy(from, envelope->item)) == NULL) {
        *why = "copy returned NULL";
        weir__envelope_free(&from->pipeline->flight, &lane->account, copy);
        return NULL;
    }
    copy->pieces = envelope->pieces;
    weir__pieces_add(copy->pieces);
    return copy;
}

/* Makes a copy for each successor except the first. Returns NULL, or the reason for a failure. */
static const char *make_copies(weir_stage *from, weir__lane *lane, weir__envelope *envelope, weir__list *copies) {
    const char *why = weir__envelope_share(&from->pipeline->flight, &lane->account, envelope) ? NULL : no_memory;
    for (size_t i = 1; why == NULL && i < from->successor_count; i++) {
        weir__envelope *copy = copy_of(from, lane, envelope, &why);
        if (copy != NULL)
            weir__list_append(copies, copy);
    }
    return why;
}

static void drop_copies(weir_stage *from, weir__lane *lane, weir__list *copies) {
    weir__envelope *copy;
    for (size_t i = 1; (copy = weir__list_take(copies)) != NULL; i++) {
        weir__drop_item(from->successors[i], copy->item);
        weir__envelope_end(&from->pipeline->flight, &lane->account, copy, WEIR__FAILED);
    }
}

/* Ends a result that no successor gets: calls the drop function of the first successor, and counts it as failed. */
static void fail_at_first(weir_stage *from, weir__lane *lane, weir__envelope *envelope, int code, const char *why) {
    weir__drop_item(from->successors[0], envelope->item);
    weir__envelope_end(&from->pipeline->flight, &lane->account, envelope, WEIR__FAILED);
    weir__fail_stage(from, code, why);
}

/*
 * Sends a result to each successor. The first gets the result itself, the others get copies. If a copy cannot be made,
 * no successor gets the result.
 */
static weir__verdict pass_to_all(weir_stage *from, weir__lane *lane, weir__envelope *envelope) {
    weir__list copies = {NULL, NULL};
    weir__envelope *copy;
    const char *why = make_copies(from, lane, envelope, &copies);
    if (why == NULL) {
        for (size_t i = 1; (copy = weir__list_take(&copies)) != NULL; i++)
            pass(from, from->successors[i], lane, copy);
        pass(from, from->successors[0], lane, envelope);
        return WEIR__DONE;
    }
    drop_copies(from, lane, &copies);
    fail_at_first(from, lane, envelope, WEIR_CODE(WEIR_NOMEM), why);
    return WEIR__FAILED;
}

/* Fails a result because the route function chose a successor that does not exist. */
static weir__verdict fail_choice(weir_stage *from, weir__lane *lane, weir__envelope *envelope, uint64_t chosen) {
    char why[100];
    (void)snprintf(why, sizeof why, "route must return an index below %zu, and returned %" PRIu64,
                   from->successor_count, chosen);
    fail_at_first(from, lane, envelope, WEIR_CODE(WEIR_INVALID), why);
    return WEIR__FAILED;
}

static weir__verdict pass_to_one(weir_stage *from, weir__lane *lane, weir__envelope *envelope) {
    uint64_t chosen = weir__route(from, envelope->item);
    if (chosen >= from->successor_count)
        return fail_choice(from, lane, envelope, chosen);
    pass(from, from->successors[chosen], lane, envelope);
    return WEIR__DONE;
}

/* Returns the verdict of a result after its put to the results queue has returned `status`. */
static weir__verdict has_left(weir_stage *from, void *result, weir_status status) {
    if (status == WEIR_OK)
        return WEIR__DONE;
    weir__drop_left(from, result);
    if (status == WEIR_CLOSED && weir__is_cancelled(from->pipeline))
        return WEIR__DROPPED;
    if (status == WEIR_CLOSED)
        weir__fail_output(from, "results");
    else if (status == WEIR_NOMEM)
        lack_memory(from);
    else
        weir__fail_stage(from, WEIR_CODE(status), weir_strerror(status)); /* from a port (weir/port.h) */
    return WEIR__FAILED;
}

/* Sends a result out of the pipeline. */
static weir__verdict send_out(weir_stage *from, weir__lane *lane, weir__envelope *envelope) {
    weir_queue *results = from->options.output.results;
    void *result = envelope->item;
    weir__verdict verdict = results == NULL ? WEIR__DONE : has_left(from, result, weir__offer(lane, results, result));
    weir__envelope_end(&from->pipeline->flight, &lane->account, envelope, verdict);
    return verdict;
}

weir__verdict weir__send(weir_stage *from, weir__lane *lane, weir__envelope *envelope) {
    if (from->successor_count == 0)
        return send_out(from, lane, envelope);
    if (from->successor_count > 1)
        return from->options.output.fan_out == WEIR_TO_ALL ? pass_to_all(from, lane, envelope)
                                                           : pass_to_one(from, lane, envelope);
    pass(from, from->successors[0], lane, envelope);
    return WEIR__DONE;
}

/* Puts as many results as the results queue has room for. Returns their number. */
static size_t put_out_together(const weir_stage *from, weir__envelope **envelopes, size_t count) {
    void *results[WEIR__SEND_AT_ONCE] = {NULL};
    size_t put;
    if (from->options.output.results == NULL)
        return count;
    for (size_t i = 0; i < count; i++)
        results[i] = envelopes[i]->item;
    (void)weir_queue_try_put_many(from->options.output.results, results, count, &put);
    return put;
}

/* Sends several results out of the pipeline: as many as there is room for by one put, and the others one by one. */
static void send_out_together(weir_stage *from, weir__lane *lane, weir__envelope **envelopes, size_t count,
                              size_t verdicts[WEIR__VERDICTS]) {
    size_t put = put_out_together(from, envelopes, count);
    weir__envelopes_end(&from->pipeline->flight, &lane->account, envelopes, put, WEIR__DONE);
    verdicts[WEIR__DONE] += put;
    while (put < count)
        verdicts[weir__send(from, lane, envelopes[put++])]++;
}

static void pass_together(weir_stage *from, weir__lane *lane, weir__envelope **envelopes, size_t count) {
    weir_stage *to = from->successors[0];
    size_t put = 0;
    for (size_t i = 0; i < count; i++)
        address(envelopes[i], to);
    while (count > 0) {
        (void)weir_queue_try_put_many(to->queue, (void *const *)envelopes, count, &put);
        envelopes += put;
        count -= put;
        if (count > 0) { /* this put blocks, or is refused */
            pass(from, to, lane, *envelopes++);
            count--;
        }
    }
}

void weir__send_many(weir_stage *from, weir__lane *lane, weir__envelope **envelopes, size_t count,
                     size_t verdicts[WEIR__VERDICTS]) {
    if (from->successor_count == 0) {
        send_out_together(from, lane, envelopes, count, verdicts);
        return;
    }
    pass_together(from, lane, envelopes, count);
    verdicts[WEIR__DONE] += count;
}

weir__verdict weir__send_plain(weir_stage *from, weir__lane *lane, void *result, weir_status tried) {
    weir_status status = tried == WEIR_FULL ? put_blocking(lane, from->onward, result) : tried;
    if (from->successor_count == 0)
        return has_left(from, result, status);
    if (status != WEIR_OK)
        (void)refuse(from, from->successors[0], result, status);
    return WEIR__DONE;
}
