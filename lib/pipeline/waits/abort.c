/*
 * abort.c - Implements requests to end operations.
 *
 * The operations of a stage have one alarm. While any of them is PENDING and not late, it is set to the time at which the
 * oldest becomes late, or to an earlier one. The lane that makes an operation the oldest sets it, and so does the alarm
 * when it has rung, for the oldest that is left.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/waits/abort.h"

#include "pipeline/state/callback.h"
#include "pipeline/waits/own_tell.h"
#include "pipeline/waits/pending.h"
#include "sync/border.h"

void weir__abort_ask(weir_stage *stage, weir_operation operation, weir_abort_reason why) {
    weir__callback call;
    weir__callback_begin(&call, stage->pipeline, stage, WEIR_IN_CALLBACK);
    stage->options.work.abort(operation, why, stage->options.work.arg);
    weir__border();
    weir__callback_end(&call);
}

/* ---- a cancel ---- */

/* Asks the operation of a slot, if it is PENDING and was not asked. */
static void ask_cancelled(weir__operation *slot) {
    weir__lock *lock = &slot->stage->operations.lock;
    weir__lock_acquire(lock);
    bool asks = slot->progress == WEIR__SLOT_PENDING && !slot->asked;
    weir_operation operation = weir__pending_number(slot);
    if (asks)
        slot->asked = true;
    weir__lock_release(lock);
    if (asks)
        weir__abort_ask(slot->stage, operation, WEIR_ABORT_CANCEL);
}

void weir__abort_stage(weir_stage *stage) {
    for (size_t i = 0; stage->options.work.abort != NULL && i < stage->options.limits.in_flight; i++)
        ask_cancelled(&stage->operations.slots[i]);
}

void weir__abort_cancelled(weir_pipeline *pipeline) {
    for (weir_stage *stage = pipeline->first; stage != NULL; stage = stage->next) {
        if (!weir__waits_itself(stage))
            weir__abort_stage(stage);
    }
}

/* ---- the alarm ---- */

/* Returns the next operation that is late, noted as such. Returns NULL if there is none. The lock is held. */
static weir__operation *take_late(weir_stage *stage, uint64_t now) {
    weir__operation *slot = stage->operations.pending.first;
    if (slot == NULL || slot->begun > now || now - slot->begun < stage->options.errors.attempt_time)
        return NULL;
    weir__pending_set_late(slot);
    return slot;
}

/* Asks all that are late. Returns the time at which the oldest of the others began; 0: there is none. */
static uint64_t ask_late(weir_stage *stage, uint64_t now) {
    weir__operations *operations = &stage->operations;
    const weir__operation *slot;
    weir__lock_acquire(&operations->lock);
    while ((slot = take_late(stage, now)) != NULL) {
        weir_operation operation = weir__pending_number(slot);
        weir__lock_release(&operations->lock);
        weir__abort_ask(stage, operation, WEIR_ABORT_LATE);
        weir__lock_acquire(&operations->lock);
    }
    uint64_t begun = operations->pending.first == NULL ? 0 : operations->pending.first->begun;
    weir__lock_release(&operations->lock);
    return begun;
}

void weir__abort_late(weir_stage *stage) {
    uint64_t begun = ask_late(stage, weir__clock_now());
    if (begun != 0)
        weir__abort_watch(stage, begun);
}

static void ring_alarm(weir__timer *timer) {
    weir_stage *stage = (weir_stage *)(void *)((char *)timer - offsetof(weir_stage, operations.alarm.timer));
    if (!weir__waits_itself(stage)) {
        weir__abort_late(stage);
        return;
    }
    (void)weir__u32_exchange_acquire_release(&stage->bell.late, 1);
    weir__own_tell(stage);
}

bool weir__abort_must_watch(const weir__operation *slot) {
    const weir_stage *stage = slot->stage;
    bool watches = stage->options.work.abort != NULL && stage->options.errors.attempt_time != 0;
    return watches && stage->operations.pending.first == slot;
}

void weir__abort_prepare(weir_stage *stage) {
    stage->operations.alarm.timer.ring = ring_alarm;
}

/* After the end of the timers, the alarm does not ring. */
void weir__abort_watch(weir_stage *stage, uint64_t begun) {
    uint64_t time = stage->options.errors.attempt_time, due = begun + time;
    weir__timers_advance(&stage->pipeline->timers, &stage->operations.alarm, due < time ? UINT64_MAX : due);
}
