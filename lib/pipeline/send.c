/*
 * send.c - where results go.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "base/mix.h"
#include "pipeline/pipeline.h"
#include "pipeline/timing.h"
#include "sync/border.h"

/* To a queue that was full a moment ago. */
static weir_status put_waiting(weir_task *task, weir_queue *queue, void *item) {
    weir__timing_block(task);
    weir_status status = weir_queue_put(queue, item);
    weir__timing_unblock(task);
    return status;
}

weir_status weir__offer(weir_task *task, weir_queue *queue, void *item) {
    weir_status status = weir_queue_try_put(queue, item);
    return status == WEIR_FULL ? put_waiting(task, queue, item) : status;
}

static const char no_memory[] = "no memory to hand a result on";

/* A result that there is no memory for behind the stage: an error of the one that sends. */
static void lack_memory(weir_stage *from) {
    weir__fail_stage(from, -WEIR_NOMEM, no_memory);
}

/*
 * The queue of `to` has not taken the item, which is counted in there: as dropped, when it is closed, for that is done by
 * a cancel only; else as failed. Returns which.
 */
static weir__verdict refuse(weir_stage *from, weir_stage *to, void *item, weir_status why) {
    weir__verdict verdict = why == WEIR_CLOSED ? WEIR__DROPPED : WEIR__FAILED;
    (void)weir__u64_add_acquire_release(&to->refused[verdict], 1);
    weir__stage_drop_item(to, item);
    if (verdict == WEIR__FAILED)
        lack_memory(from);
    return verdict;
}

/* As it is to lie in the queue of `to`. */
static void address(weir__envelope *envelope, weir_stage *to) {
    envelope->stage = to;
    envelope->attempts = 0;
    envelope->verdict = WEIR__DONE;
    envelope->is_result = false;
    envelope->kept = false;
    envelope->reason = 0;
    envelope->key = NULL;
    envelope->entered = false;
}

static void pass(weir_stage *from, weir_stage *to, weir_task *task, weir__envelope *envelope) {
    address(envelope, to);
    weir_status status = weir__offer(task, to->queue, envelope);
    if (status == WEIR_OK)
        return;
    weir__verdict verdict = refuse(from, to, envelope->item, status);
    if (to->inherits)
        weir__order_lost(task, envelope, verdict);
    else
        weir__envelope_over(to->pipeline, task, envelope, verdict);
}

static void *call_copy(weir_stage *from, void *result) {
    weir__callback call;
    weir__callback_begin(&call, from->pipeline, from, WEIR_IN_CALLBACK);
    void *copy = from->options.copy(result, from->options.arg);
    weir__border();
    weir__callback_end(&call);
    return copy;
}

/* One more piece, with a copy of the result; NULL: `*why` says why there is none. A copy of NULL is NULL. */
static weir__envelope *copy_of(weir_stage *from, weir_task *task, weir__envelope *envelope, const char **why) {
    weir__envelope *copy = weir__envelope_new(from->pipeline, task, NULL);
    if (copy == NULL) {
        *why = no_memory;
        return NULL;
    }
    if (envelope->item != NULL && (copy->item = call_copy(from, envelope->item)) == NULL) {
        *why = "its copy function has returned NULL";
        weir__envelope_free(from->pipeline, task, copy);
        return NULL;
    }
    copy->token = envelope->token;
    weir__token_add(copy->token);
    return copy;
}

/* A copy for each successor but the first. NULL: they are all there; else why not. */
static const char *make_copies(weir_stage *from, weir_task *task, weir__envelope *envelope, weir__list *copies) {
    const char *why = weir__envelope_share(from->pipeline, task, envelope) ? NULL : no_memory;
    for (size_t i = 1; why == NULL && i < from->successor_count; i++) {
        weir__envelope *copy = copy_of(from, task, envelope, &why);
        if (copy != NULL)
            weir__list_append(copies, copy);
    }
    return why;
}

static void drop_copies(weir_stage *from, weir_task *task, weir__list *copies) {
    weir__envelope *copy;
    for (size_t i = 1; (copy = weir__list_take(copies)) != NULL; i++) {
        weir__stage_drop_item(from->successors[i], copy->item);
        weir__envelope_over(from->pipeline, task, copy, WEIR__FAILED);
    }
}

/* The result of a stage with several successors gets to none of them. */
static void fail_at_first(weir_stage *from, weir_task *task, weir__envelope *envelope, int code, const char *why) {
    weir__stage_drop_item(from->successors[0], envelope->item);
    weir__envelope_over(from->pipeline, task, envelope, WEIR__FAILED);
    weir__fail_stage(from, code, why);
}

/* To each successor: the first gets the result, the others its copies. Either all get theirs, or it has failed. */
static weir__verdict pass_to_all(weir_stage *from, weir_task *task, weir__envelope *envelope) {
    weir__list copies = {NULL, NULL};
    weir__envelope *copy;
    const char *why = make_copies(from, task, envelope, &copies);
    if (why == NULL) {
        for (size_t i = 1; (copy = weir__list_take(&copies)) != NULL; i++)
            pass(from, from->successors[i], task, copy);
        pass(from, from->successors[0], task, envelope);
        return WEIR__DONE;
    }
    drop_copies(from, task, &copies);
    fail_at_first(from, task, envelope, -WEIR_NOMEM, why);
    return WEIR__FAILED;
}

/* Whichever bits the keys differ in, each successor gets its share of them. */
static size_t spread(uint64_t key, size_t count) {
    return (size_t)(weir__mix(key) % count);
}

static uint64_t call_route(weir_stage *from, const void *result) {
    weir__callback call;
    weir__callback_begin(&call, from->pipeline, from, WEIR_IN_CALLBACK);
    uint64_t said = from->options.route(result, from->options.arg);
    weir__border();
    weir__callback_end(&call);
    return said;
}

/* The number of the successor; not below their count: there is none such. */
static size_t choose(weir_stage *from, const void *result) {
    switch (from->options.fan_out) {
        case WEIR_BY_KEY:
            return spread(call_route(from, result), from->successor_count);
        case WEIR_BY_CHOICE: {
            uint64_t chosen = call_route(from, result);
            return chosen < from->successor_count ? (size_t)chosen : from->successor_count;
        }
        default:
            return (size_t)(weir__u64_add_acquire_release(&from->turn, 1) % from->successor_count);
    }
}

/* Where a result would go; NULL: out of the pipeline. The first one, where each gets it, or none was to be chosen. */
static weir_stage *destination(weir_stage *from, const void *result) {
    weir_fan_out how = from->options.fan_out;
    size_t to = 0;
    if (from->successor_count == 0)
        return NULL;
    if (from->successor_count > 1 && (how == WEIR_BY_KEY || how == WEIR_BY_CHOICE))
        to = choose(from, result);
    return from->successors[to < from->successor_count ? to : 0];
}

/* By the function of the results' queue. */
static void drop_left(weir_stage *from, void *result) {
    weir__callback call;
    weir__callback_begin(&call, from->pipeline, from, WEIR_IN_DROP);
    weir__queue_drop(from->options.results, result);
    weir__callback_end(&call);
}

/* By the function of where it was going, which is asked for once: see destination. */
static void drop_at(weir_stage *from, weir_stage *to, void *result) {
    if (to != NULL)
        weir__stage_drop_item(to, result);
    else if (from->options.results != NULL)
        drop_left(from, result);
}

void weir__send_drop(weir_stage *from, void *result) {
    drop_at(from, destination(from, result), result);
}

weir__verdict weir__send_refuse(weir_stage *from, void *result) {
    weir_stage *to = destination(from, result);
    if (to != NULL)
        (void)weir__u64_add_acquire_release(&to->refused[WEIR__DROPPED], 1);
    drop_at(from, to, result);
    return to != NULL ? WEIR__DONE : WEIR__DROPPED;
}

static weir__verdict pass_to_one(weir_stage *from, weir_task *task, weir__envelope *envelope) {
    size_t chosen = choose(from, envelope->item);
    if (chosen < from->successor_count) {
        pass(from, from->successors[chosen], task, envelope);
        return WEIR__DONE;
    }
    fail_at_first(from, task, envelope, -WEIR_INVALID, "its route has chosen a successor that there is not");
    return WEIR__FAILED;
}

/* What has become of a result that was put to the results. */
static weir__verdict has_left(weir_stage *from, void *result, weir_status status) {
    if (status == WEIR_OK)
        return WEIR__DONE;
    drop_left(from, result);
    if (status == WEIR_CLOSED && weir__is_cancelled(from->pipeline))
        return WEIR__DROPPED;
    if (status == WEIR_CLOSED)
        weir__fail_output(from, "results");
    else
        lack_memory(from);
    return WEIR__FAILED;
}

/* Out of the pipeline. Returns what has become of the result. */
static weir__verdict leave(weir_stage *from, weir_task *task, weir__envelope *envelope) {
    weir_queue *results = from->options.results;
    void *result = envelope->item;
    weir__verdict verdict = results == NULL ? WEIR__DONE : has_left(from, result, weir__offer(task, results, result));
    weir__envelope_over(from->pipeline, task, envelope, verdict);
    return verdict;
}

weir__verdict weir__send(weir_stage *from, weir_task *task, weir__envelope *envelope) {
    if (from->successor_count == 0)
        return leave(from, task, envelope);
    if (from->successor_count > 1)
        return from->options.fan_out == WEIR_TO_ALL ? pass_to_all(from, task, envelope)
                                                    : pass_to_one(from, task, envelope);
    pass(from, from->successors[0], task, envelope);
    return WEIR__DONE;
}

/* To the results, as many as they have room for, or nowhere; the others are sent one by one. */
static void leave_together(weir_stage *from, weir_task *task, weir__envelope **envelopes, size_t count,
                           size_t verdicts[WEIR__VERDICTS]) {
    void *results[WEIR__SEND_AT_ONCE];
    size_t put = count;
    for (size_t i = 0; i < count; i++)
        results[i] = envelopes[i]->item;
    if (from->options.results != NULL)
        (void)weir_queue_try_put_many(from->options.results, results, count, &put);
    weir__envelopes_over(from->pipeline, task, envelopes, put, WEIR__DONE);
    verdicts[WEIR__DONE] += put;
    while (put < count)
        verdicts[weir__send(from, task, envelopes[put++])]++;
}

static void pass_together(weir_stage *from, weir_task *task, weir__envelope **envelopes, size_t count) {
    weir_stage *to = from->successors[0];
    size_t put = 0;
    for (size_t i = 0; i < count; i++)
        address(envelopes[i], to);
    while (count > 0) {
        (void)weir_queue_try_put_many(to->queue, (void *const *)envelopes, count, &put);
        envelopes += put;
        count -= put;
        if (count > 0) { /* this one waits, or is refused */
            pass(from, to, task, *envelopes++);
            count--;
        }
    }
}

void weir__send_many(weir_stage *from, weir_task *task, weir__envelope **envelopes, size_t count,
                     size_t verdicts[WEIR__VERDICTS]) {
    if (from->successor_count == 0) {
        leave_together(from, task, envelopes, count, verdicts);
        return;
    }
    pass_together(from, task, envelopes, count);
    verdicts[WEIR__DONE] += count;
}

weir__verdict weir__send_plain(weir_task *task, void *result, weir_status status) {
    weir_stage *from = task->stage;
    if (status == WEIR_FULL)
        status = put_waiting(task, from->onward, result);
    if (from->successor_count == 0)
        return has_left(from, result, status);
    if (status != WEIR_OK)
        (void)refuse(from, from->successors[0], result, status);
    return WEIR__DONE;
}
