/*
 * fail.c - how an item ends that has failed, or tries again.
 *
 * What backs off lies with the keeper, and no worker or place in a queue waits with it. When its time has come it is
 * requeued, behind what waits, for whichever worker is free: that needs no room and no memory. Where an order waits for
 * it, it is requeued at the front. Without a back-off it is requeued at once.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "closable_queue/share.h"
#include "pipeline/backoff.h"
#include "pipeline/pipeline.h"
#include "sync/border.h"

#include <string.h>

/* Its place in the queue; the worker that takes it from there settles it. */
static weir__requeued *place_of(weir__envelope *envelope) {
    envelope->kept = false;
    envelope->requeued.item = envelope;
    return &envelope->requeued;
}

void weir__requeue_first(weir__envelope *envelope) {
    weir__queue_requeue_first(envelope->stage->queue, place_of(envelope));
}

/* For another attempt. In an ordered stage the results of those behind it wait for it, so it goes before them. */
static void try_again(weir__envelope *envelope) {
    if (envelope->stage->orderer != NULL)
        weir__requeue_first(envelope);
    else
        weir__queue_requeue(envelope->stage->queue, place_of(envelope));
}

static void ring(weir__timer *timer) {
    try_again(weir__envelope_of(&timer->node));
}

static bool is_retried(weir_stage *stage, unsigned attempts, int code) {
    const weir_retry *retry = &stage->options.retry;
    weir__callback call;
    if (attempts >= retry->attempts || retry->when == NULL)
        return attempts < retry->attempts;
    weir__callback_begin(&call, stage->pipeline, stage, WEIR_IN_CALLBACK);
    bool again = retry->when(code, stage->options.arg);
    weir__border();
    weir__callback_end(&call);
    return again;
}

static void keep_batch(weir__envelope *batch) {
    batch->kept = true;
    for (weir__envelope *at = batch->list.first; at != NULL; at = at->next)
        at->kept = true;
}

/* How long until the next attempt, after so many. */
static uint64_t delay_of(const weir_task *task, unsigned attempts, uint64_t lot) {
    uint64_t wait = weir__backoff(&task->stage->options.retry, attempts, lot);
    return wait > task->retry_after ? wait : task->retry_after;
}

/* Lets it back off, and come back. */
static void back_off(weir_task *task, weir__envelope *envelope) {
    weir_stage *stage = task->stage;
    uint64_t now = weir__clock_now();
    uint64_t wait = delay_of(task, envelope->attempts, now ^ envelope->position);
    if (weir__stage_gathers(stage))
        keep_batch(envelope);
    else
        envelope->kept = true;
    envelope->timer.ring = ring;
    weir__count(&task->retried, 1);
    if (wait == 0 || !weir__keeper_set(&stage->pipeline->keeper, &envelope->timer, weir_deadline_after(wait)))
        try_again(envelope); /* at once, or the pipeline was cancelled meanwhile, and this drops it */
}

static weir_dead_letter *letter_of(weir_task *task, void *item, int code, unsigned attempts) {
    size_t name = strlen(task->stage->name) + 1, message = strlen(task->message) + 1;
    weir_dead_letter *letter = weir__alloc(sizeof *letter + name + message);
    if (letter == NULL)
        return NULL;
    char *text = (char *)(letter + 1);
    *letter = (weir_dead_letter){
        .item = item,
        .stage = memcpy(text, task->stage->name, name),
        .code = code,
        .message = memcpy(text + name, task->message, message),
        .attempts = attempts,
    };
    return letter;
}

void weir_dead_letter_free(weir_dead_letter *letter) {
    weir__free(letter);
}

static bool fails_fast(const weir_stage *stage) {
    return stage->options.on_error == WEIR_FAIL_FAST;
}

void weir__fail_stage(weir_stage *stage, int code, const char *message) {
    weir__errors_add(stage, code, message, 1, fails_fast(stage));
    if (fails_fast(stage))
        weir__pipeline_fail(stage->pipeline);
}

void weir__fail_output(weir_stage *stage, const char *queue) {
    char message[WEIR__MESSAGE];
    (void)snprintf(message, sizeof message, "the %s queue of stage %.100s was shut down before the end", queue,
                   stage->name);
    weir__fail_stage(stage, -WEIR_CLOSED, message);
}

static weir_status put_letter(weir_task *task, void *item, int code, unsigned attempts) {
    weir_dead_letter *letter = letter_of(task, item, code, attempts);
    if (letter == NULL)
        return WEIR_NOMEM;
    weir_status status = weir__offer(task, task->stage->options.dead, letter);
    if (status != WEIR_OK)
        weir_dead_letter_free(letter);
    return status;
}

/* Its letter was not taken; returns what has become of the item. */
static weir__verdict lose_letter(weir_stage *stage, weir_status why) {
    if (why == WEIR_CLOSED && weir__is_cancelled(stage->pipeline))
        return WEIR__DROPPED;
    if (why == WEIR_CLOSED)
        weir__fail_output(stage, "dead-letter");
    else
        weir__fail_stage(stage, -WEIR_NOMEM, "no memory for a dead letter");
    return WEIR__FAILED;
}

/* Puts it to the dead letters, or drops it; returns what has become of it. */
static weir__verdict bury(weir_task *task, void *item, int code, unsigned attempts) {
    weir_stage *stage = task->stage;
    weir_status status = WEIR_OK;
    if (stage->options.dead != NULL && (status = put_letter(task, item, code, attempts)) == WEIR_OK)
        return WEIR__DEAD;
    weir__stage_drop_item(stage, item);
    return status == WEIR_OK ? WEIR__FAILED : lose_letter(stage, status);
}

/* Those of an attempt that has failed; what is in the list of a batch is the rest of it. */
static void drop_results(weir_task *task, weir__envelope *envelope) {
    weir__envelope *result;
    if (weir__stage_gathers(task->stage))
        return;
    while ((result = weir__list_take(&envelope->list)) != NULL) {
        weir__send_drop(task->stage, result->item);
        weir__envelope_over(task->stage->pipeline, task, result, WEIR__DONE);
    }
}

/* The result goes on in the item's own envelope. */
static void end_with_result(weir_task *task, weir__envelope *envelope) {
    bool kept = envelope->kept;
    weir__verdict verdict = weir__send(task->stage, task, envelope);
    weir__stage_count(task->stage, task, verdict);
    if (kept)
        weir__queue_settle(task->stage->queue, 1);
}

/* What was emitted of it, or of the batch that it is the first of, in whichever attempt. */
static weir__verdict verdict_of_consumed(const weir_task *task, const weir__envelope *first) {
    return task->lost ? WEIR__FAILED : (weir__verdict)first->verdict;
}

/* Ends an item without a result in hand, or each item of a batch. */
static void end_each(weir_task *task, weir__envelope *first, int code) {
    weir_stage *stage = task->stage;
    unsigned attempts = first->attempts;
    weir__verdict consumed = verdict_of_consumed(task, first);
    for (weir__envelope *at = first, *next = first->list.first; at != NULL; at = next) {
        next = at == first ? next : at->next;
        bool kept = at->kept;
        weir__verdict verdict = code == 0 ? consumed : bury(task, at->item, code, attempts);
        weir__stage_count(stage, task, verdict);
        weir__envelope_over(stage->pipeline, task, at, verdict);
        if (kept)
            weir__queue_settle(stage->queue, 1);
    }
}

/* A result that a stage behind this one puts in order goes there, with its position. */
static bool waits_for_turn(const weir_stage *stage, const weir__envelope *envelope) {
    return stage->orderer == stage || (stage->orderer != NULL && !envelope->is_result);
}

weir__after weir__over(weir_task *task, weir__envelope *envelope, int code) {
    if (waits_for_turn(task->stage, envelope)) {
        weir__verdict verdict =
            code == 0 ? verdict_of_consumed(task, envelope) : bury(task, envelope->item, code, envelope->attempts);
        envelope->verdict = (unsigned char)verdict;
        envelope->kept = true;
        weir__order_ready(task, envelope);
        return WEIR__HELD;
    }
    if (envelope->is_result)
        end_with_result(task, envelope);
    else
        end_each(task, envelope, code);
    return WEIR__OVER;
}

weir__after weir__fail(weir_task *task, weir__envelope *envelope, int code) {
    weir_stage *stage = task->stage;
    weir_pipeline *pipeline = stage->pipeline;
    drop_results(task, envelope);
    if (weir__is_cancelled(pipeline)) {
        weir__stage_drop(stage, task, envelope);
        return WEIR__OVER;
    }
    bool again = is_retried(stage, envelope->attempts, code), fatal = !again && fails_fast(stage);
    weir__errors_add(stage, code, task->message, envelope->attempts, fatal);
    if (again) {
        back_off(task, envelope);
        return WEIR__WAITS;
    }
    weir__after after = weir__over(task, envelope, code);
    if (fatal)
        weir__pipeline_fail(pipeline);
    return after;
}

weir__after weir__fail_consumed(weir_task *task, weir__envelope *envelope) {
    weir_stage *stage = task->stage;
    weir__errors_add(stage, -WEIR_NOMEM, "no memory to hand a result on", envelope->attempts, fails_fast(stage));
    weir__after after = weir__over(task, envelope, 0);
    if (fails_fast(stage))
        weir__pipeline_fail(stage->pipeline);
    return after;
}

/* In, where it is a source's: nothing else has counted that; and then failed (S3). */
static void count_failed_call(weir_task *task) {
    if (weir__stage_is_source(task->stage))
        weir__count(&task->failed_calls, 1);
    weir__stage_count(task->stage, task, WEIR__FAILED);
}

void weir__fail_lost(weir_task *task, int code) {
    weir_stage *stage = task->stage;
    weir__errors_add(stage, code, task->message, 1, fails_fast(stage));
    if (!weir__stage_is_source(stage))
        weir__stage_drop_item(stage, task->item);
    count_failed_call(task);
    if (fails_fast(stage))
        weir__pipeline_fail(stage->pipeline);
}

void weir__fail_source(weir_task *task, int code) {
    weir_stage *stage = task->stage;
    if (!task->lost && (task->told || weir__is_cancelled(stage->pipeline)))
        return; /* as an item is dropped then, and has not failed */
    task->failures++;
    bool again = !weir__is_ending(stage->pipeline) && is_retried(stage, task->failures, code);
    weir__errors_add(stage, code, task->message, task->failures, !again && fails_fast(stage));
    count_failed_call(task);
    if (again) {
        uint64_t wait = delay_of(task, task->failures, weir__clock_now());
        weir__count(&task->retried, 1);
        (void)weir__stage_wait_until(stage, task, weir_deadline_after(wait));
        return;
    }
    weir__stage_end_source(stage);
    if (fails_fast(stage))
        weir__pipeline_fail(stage->pipeline);
}
