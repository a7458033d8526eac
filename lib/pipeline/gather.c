/*
 * gather.c - batches.
 *
 * The workers of the stage add what they take to one batch. The one whose item completes it runs it; the others go on.
 * A batch that has waited long enough is requeued by the keeper, at the front, as one: its first envelope, with the
 * others in its list; likewise the last one, when all has come.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/pipeline.h"
#include "sync/border.h"

/* Takes the batch, to be run. */
static weir__envelope *take_locked(weir__gather *gather, weir_batch_reason reason) {
    weir__envelope *batch = gather->first;
    gather->first = NULL;
    batch->reason = (unsigned char)reason;
    return batch;
}

/* Whether all that will ever come has come. */
static bool is_last_locked(const weir__gather *gather) {
    return gather->no_more && gather->taken == weir__queue_tail(gather->stage->queue);
}

/* 0: it is not complete. */
static weir_batch_reason reason_locked(const weir__gather *gather) {
    const weir_batch *limits = &gather->stage->options.batch;
    if (limits->items != 0 && gather->items >= limits->items)
        return WEIR_BATCH_ITEMS;
    if (limits->bytes != 0 && gather->bytes >= limits->bytes)
        return WEIR_BATCH_BYTES;
    return is_last_locked(gather) ? WEIR_BATCH_END : (weir_batch_reason)0;
}

/* Adds to the batch. Returns whether the timer has to be set. */
static bool add_locked(weir__gather *gather, weir__envelope *envelope, uint64_t weight) {
    const weir_batch *limits = &gather->stage->options.batch;
    gather->taken++;
    envelope->kept = true;
    if (gather->first != NULL) {
        weir__list_append(&gather->first->list, envelope);
        gather->items++;
        gather->bytes = weight < UINT64_MAX - gather->bytes ? gather->bytes + weight : UINT64_MAX;
        return false;
    }
    gather->first = envelope;
    gather->items = 1;
    gather->bytes = weight;
    if (limits->wait == 0)
        return false;
    gather->due = weir_deadline_after(limits->wait);
    bool arm = !gather->armed;
    gather->armed = true;
    return arm;
}

static uint64_t weigh(weir_stage *stage, const void *item) {
    const weir_batch *limits = &stage->options.batch;
    weir__callback call;
    if (limits->bytes == 0)
        return 0;
    weir__callback_begin(&call, stage->pipeline, stage, WEIR_IN_CALLBACK);
    uint64_t weight = limits->weigh(item, stage->options.arg);
    weir__border();
    weir__callback_end(&call);
    return weight;
}

weir__envelope *weir__gather_add(weir_task *task, weir__envelope *envelope) {
    weir_stage *stage = task->stage;
    weir__gather *gather = &stage->gather;
    uint64_t weight = weigh(stage, envelope->item);

    weir__lock_acquire(&gather->lock);
    if (gather->closed) {
        weir__lock_release(&gather->lock);
        return envelope;
    }
    bool arm = add_locked(gather, envelope, weight);
    uint64_t due = gather->due;
    weir_batch_reason reason = reason_locked(gather);
    weir__envelope *batch = reason != 0 ? take_locked(gather, reason) : NULL;
    if (batch != NULL)
        envelope->kept = false; /* this one is in its worker's hand */
    weir__lock_release(&gather->lock);

    if (arm)
        (void)weir__keeper_set(&stage->pipeline->keeper, &gather->timer, due); /* no: cancelled, and closed soon */
    return batch;
}

/* Gives the batch that there is, for that reason, to whichever worker is free; the lock is released. */
static void give_out_locked(weir__gather *gather, weir_batch_reason reason) {
    weir__requeue_first(take_locked(gather, reason)); /* with the lock, so that a cancel finds it there */
    weir__lock_release(&gather->lock);
}

static void ring(weir__timer *timer) {
    weir__gather *gather = (weir__gather *)timer;
    weir__lock_acquire(&gather->lock);
    bool again = !gather->closed && gather->first != NULL && weir__clock_now() < gather->due;
    uint64_t due = gather->due;
    gather->armed = again;
    if (!again && !gather->closed && gather->first != NULL)
        give_out_locked(gather, WEIR_BATCH_TIME);
    else
        weir__lock_release(&gather->lock);
    if (again) /* this batch began after the timer was set */
        (void)weir__keeper_set(&gather->stage->pipeline->keeper, timer, due);
}

void weir__gather_prepare(weir_stage *stage) {
    stage->gather.stage = stage;
    stage->gather.timer.ring = ring;
}

void weir__gather_end(weir_stage *stage) {
    weir__gather *gather = &stage->gather;
    weir__lock_acquire(&gather->lock);
    gather->no_more = true;
    if (gather->first != NULL && is_last_locked(gather))
        give_out_locked(gather, WEIR_BATCH_END);
    else
        weir__lock_release(&gather->lock);
}

void weir__gather_close(weir_stage *stage) {
    weir__gather *gather = &stage->gather;
    weir__lock_acquire(&gather->lock);
    gather->closed = true;
    weir__envelope *batch = gather->first;
    gather->first = NULL;
    weir__lock_release(&gather->lock);
    if (batch != NULL)
        weir__stage_drop(stage, NULL, batch);
}
