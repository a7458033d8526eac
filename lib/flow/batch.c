/*
 * batch.c - Implements batches.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "flow/batch.h"

static weir__envelope *take_locked(weir__batch *batch, weir__batch_reason reason) {
    weir__envelope *first = batch->first;
    weir__assert(weir__lock_is_held(&batch->lock) && !batch->closed); /* G4 */
    batch->first = NULL;
    first->reason = (unsigned char)reason;
    return first;
}

/* G5 */
static bool has_all_locked(const weir__batch *batch) {
    return batch->ended && batch->taken == weir__queue_tail(batch->input);
}

static weir__batch_reason reason_locked(const weir__batch *batch) {
    if (batch->limits.items != 0 && batch->items >= batch->limits.items)
        return WEIR__BATCH_ITEMS;
    if (batch->limits.bytes != 0 && batch->bytes >= batch->limits.bytes)
        return WEIR__BATCH_BYTES;
    return has_all_locked(batch) ? WEIR__BATCH_END : WEIR__BATCH_PARTIAL;
}

/* Adds the envelope to the partial batch. Returns true if the caller must set the timer. */
static bool add_locked(weir__batch *batch, weir__envelope *envelope, uint64_t weight) {
    batch->taken++;
    if (batch->first != NULL) {
        weir__list_append(&batch->first->list, envelope);
        batch->items++;
        batch->bytes = weight < UINT64_MAX - batch->bytes ? batch->bytes + weight : UINT64_MAX;
        return false;
    }
    batch->first = envelope;
    batch->items = 1;
    batch->bytes = weight;
    if (batch->limits.wait == 0)
        return false;
    batch->due = weir_deadline_after(batch->limits.wait);
    bool arm = !batch->armed;
    batch->armed = true;
    return arm;
}

weir__envelope *weir__batch_add(weir__batch *batch, weir__envelope *envelope, uint64_t weight) {
    weir__lock_acquire(&batch->lock);
    if (batch->closed) {
        weir__lock_release(&batch->lock);
        return envelope;
    }
    bool arm = add_locked(batch, envelope, weight);
    uint64_t due = batch->due;
    weir__batch_reason reason = reason_locked(batch);
    weir__envelope *complete = reason != WEIR__BATCH_PARTIAL ? take_locked(batch, reason) : NULL;
    weir__lock_release(&batch->lock);
    if (arm)
        (void)weir__timers_set(batch->timers, &batch->timer,
                               due); /* false: the run is cancelled, and this batch closed */
    return complete;
}

/* G3. Completes the partial batch, and releases the lock. */
static void complete_locked(weir__batch *batch, weir__batch_reason reason) {
    batch->complete(take_locked(batch, reason));
    weir__lock_release(&batch->lock);
}

static void ring(weir__timer *timer) {
    weir__batch *batch = (weir__batch *)timer;
    weir__lock_acquire(&batch->lock);
    bool again = !batch->closed && batch->first != NULL && weir__clock_now() < batch->due;
    uint64_t due = batch->due;
    batch->armed = again;
    if (!again && !batch->closed && batch->first != NULL)
        complete_locked(batch, WEIR__BATCH_TIME);
    else
        weir__lock_release(&batch->lock);
    if (again) /* this batch began after the timer was set */
        (void)weir__timers_set(batch->timers, timer, due);
}

void weir__batch_prepare(weir__batch *batch, const weir_queue *input, const weir__batch_limits *limits,
                         weir__timers *timers, void (*complete)(weir__envelope *batch)) {
    batch->timer.ring = ring;
    batch->limits = *limits;
    batch->timers = timers;
    batch->complete = complete;
    batch->input = input;
}

void weir__batch_end(weir__batch *batch) {
    weir__lock_acquire(&batch->lock);
    batch->ended = true;
    if (batch->first != NULL && has_all_locked(batch))
        complete_locked(batch, WEIR__BATCH_END);
    else
        weir__lock_release(&batch->lock);
}

weir__envelope *weir__batch_close(weir__batch *batch) {
    weir__lock_acquire(&batch->lock);
    batch->closed = true;
    weir__envelope *partial = batch->first;
    batch->first = NULL;
    weir__lock_release(&batch->lock);
    return partial;
}
