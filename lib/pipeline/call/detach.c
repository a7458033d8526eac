/*
 * detach.c - Implements weir_task_detach, and the return of the function of a call that may have detached.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/call/detach.h"

#include <weir/operation.h>

#include "pipeline/call/answer.h"
#include "pipeline/outcome/retire.h"
#include "pipeline/state/refuse.h"
#include "pipeline/waits/abort.h"
#include "pipeline/waits/pending.h"

/* ---- the call of the function ---- */

/* The attempt began when the function was called, if the call is timed, or little later. */
static uint64_t begin_of(const weir__lane *lane) {
    return lane->from != 0 ? lane->from : lane->clock;
}

/* Returns the number of the operation; 0: the call has detached before. */
static weir_operation detach(weir__lane *lane) {
    weir__operations *operations = &lane->stage->operations;
    weir__operation *slot = lane->slot;
    weir_operation operation = 0;
    weir__lock_acquire(&operations->lock);
    if (!lane->detached) {
        lane->detached = true;
        slot->progress = WEIR__SLOT_INSIDE;
        slot->begun = begin_of(lane);
        lane->waited = 0;
        lane->overran = false;
        operations->detached++;
        operations->peak = operations->detached > operations->peak ? operations->detached : operations->peak;
        operation = weir__pending_number(slot);
    }
    weir__lock_release(&operations->lock);
    return operation;
}

weir_status weir_task_detach(weir_task *task, weir_operation *operation) {
    if (task == NULL)
        return WEIR_INVALID;
    const weir_stage *stage = task->stage;
    if (operation == NULL)
        return weir__refuse(stage->pipeline, WEIR_INVALID, stage->name, "detach: operation is NULL");
    if (!weir__stage_detaches(stage))
        return weir__refuse(stage->pipeline, WEIR_INVALID, stage->name, "detach: limits.in_flight is 0");
    if (task->lane->slot == NULL || !task->lane->inside)
        return weir__refuse(stage->pipeline, WEIR_INVALID, stage->name, "detach: only run may detach");
    weir_operation number = detach(task->lane);
    if (number == 0)
        return weir__refuse(stage->pipeline, WEIR_INVALID, stage->name, "detach: the call has detached before");
    *operation = number;
    return WEIR_OK;
}

/* ---- the return of the function ---- */

/*
 * Z1, Z6. Makes the operation PENDING, and releases the lock. Then asks for its end if the run is cancelled. The time
 * that the function has waited in calls of weir does not count as time of the attempt (due_at in timing.c).
 */
static void let_go_on(weir__lane *lane, weir__operation *slot, weir__envelope *envelope) {
    weir_stage *stage = lane->stage;
    weir_operation operation = weir__pending_number(slot);
    uint64_t begun = slot->begun += lane->waited;
    envelope->lacks = lane->task.lost;
    slot->counted = lane->overran;
    weir__lane_let_go(lane);
    weir__pending_add(slot, envelope);
    bool asks = slot->asked = stage->options.work.abort != NULL && weir__is_cancelled(stage->pipeline);
    bool watches = weir__abort_must_watch(slot);
    weir__lock_release(&stage->operations.lock);
    if (watches)
        weir__abort_watch(stage, begun);
    if (asks)
        weir__abort_ask(stage, operation, WEIR_ABORT_CANCEL);
}

/* Takes the answer out of the slot, and releases the lock: the slot is unused, and a waiting lane is woken. */
static void take_answer(weir__lane *lane, weir__operation *slot, weir__envelope *envelope, int code) {
    weir__answer answer = slot->answer;
    if (slot->progress == WEIR__SLOT_INSIDE) { /* Z2: the function finishes the operation itself */
        lane->stage->operations.detached--;
        answer.code = code;
    }
    weir__pending_release(slot);
    envelope->lacks = lane->task.lost;
    weir__answer_collect(envelope, &lane->account, &answer);
}

/* Whether the operation goes on without the function, and is not finished. The lock is held. */
static bool goes_on(const weir__operation *slot, int code) {
    return slot->progress == WEIR__SLOT_INSIDE && code == WEIR_PENDING;
}

bool weir__detach_return(weir__lane *lane, weir__envelope *envelope, int *code) {
    weir__operation *slot = lane->slot;
    if (!lane->detached) {
        weir__pending_end(lane);
        return true;
    }
    lane->slot = NULL;
    weir__lock_acquire(&lane->stage->operations.lock);
    if (goes_on(slot, *code)) {
        let_go_on(lane, slot, envelope);
        return false;
    }
    bool fails = slot->progress == WEIR__SLOT_INSIDE && *code != 0;
    take_answer(lane, slot, envelope, *code);
    if (fails)
        envelope->answered = envelope->lacks = false; /* the task has the message, and whether a result was lost */
    else
        *code = weir__answer_take(lane, envelope);
    return true;
}

bool weir__detach_exit(weir__lane *lane, weir__envelope *envelope) {
    weir__operation *slot = lane->slot;
    if (!lane->detached) {
        weir__pending_end(lane);
        return false;
    }
    lane->slot = NULL;
    weir__lock_acquire(&lane->stage->operations.lock);
    if (goes_on(slot, WEIR_PENDING)) {
        let_go_on(lane, slot, envelope);
        return true;
    }
    take_answer(lane, slot, envelope, 0);
    weir__lane_let_go(lane);
    weir__answer_requeue(envelope);
    return true;
}
