/*
 * retry.c - Decides whether an item is retried, and delays the next attempt.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/outcome/retry.h"

#include "flow/backoff.h"
#include "pipeline/outcome/requeue.h"
#include "pipeline/outcome/retire.h"
#include "pipeline/state/callback.h"
#include "pipeline/state/pipeline.h"
#include "sync/border.h"

bool weir__retry_is_wanted(weir_stage *stage, int code) {
    weir__callback call;
    weir__callback_begin(&call, stage->pipeline, stage, WEIR_IN_CALLBACK);
    bool again = stage->options.errors.retry.when(code, stage->options.work.arg);
    weir__border();
    weir__callback_end(&call);
    return again;
}

uint64_t weir__retry_delay(const weir_task *task, unsigned attempts, uint64_t lot) {
    const weir_retry *retry = &task->stage->options.errors.retry;
    if (task->retry_after != 0)
        return task->retry_after;
    return weir__backoff_delay((weir__backoff){retry->backoff, retry->max_backoff}, attempts, lot);
}

/* Returns the number of items that one envelope carries. */
static size_t items_of(const weir__envelope *envelope) {
    return envelope->stage->options.work.run_batch != NULL ? weir__batch_count(envelope) : 1;
}

static void end_wait(weir__envelope *envelope) {
    (void)weir__u64_add_acquire_release(&envelope->stage->backing_off, 0 - (uint64_t)items_of(envelope));
    weir__requeue_again(envelope);
}

static void ring(weir__timer *timer) {
    end_wait(weir__envelope_of(&timer->node));
}

void weir__back_off(weir__lane *lane, weir_task *task) {
    weir_stage *stage = task->stage;
    weir__envelope *envelope = task->envelope;
    uint64_t delay = weir__retry_delay(task, envelope->attempts, weir__clock_now() ^ envelope->position);
    weir__lane_let_go(lane);
    weir__count(&lane->retried, 1);
    envelope->timer.ring = ring;
    weir__count_shared(&stage->backing_off, items_of(envelope));
    if (delay == 0 || !weir__timers_set(&stage->pipeline->timers, &envelope->timer, weir_deadline_after(delay)))
        end_wait(envelope); /* if the timers are closed, the queue discards the item */
}
