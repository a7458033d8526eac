/*
 * complete.c - Completes calls.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/call/complete.h"

#include <weir/operation.h>

#include "pipeline/call/fail_item.h"
#include "pipeline/outcome/dead_letter.h"
#include "pipeline/outcome/discard.h"
#include "pipeline/outcome/ordered.h"
#include "pipeline/outcome/outcome.h"
#include "pipeline/outcome/retire.h"
#include "pipeline/outcome/retry.h"
#include "pipeline/outcome/send.h"
#include "pipeline/state/callback.h"
#include "pipeline/state/pipeline.h"

/* Drops the results that a failed attempt emitted and an ordered stage holds back. */
static void drop_emitted(weir__lane *lane, const weir_task *task) {
    weir__envelope *result;
    if (weir__stage_gathers(task->stage))
        return; /* the list holds the other items of the batch */
    while ((result = weir__list_take(&task->envelope->list)) != NULL) {
        weir__discard_result(task->stage, result->item);
        weir__piece_end(task->stage->pipeline, lane, result, WEIR__DONE);
    }
}

/* Sends a result in its item's own envelope, and retires the item. */
static inline void retire_with_result(weir_stage *stage, weir__lane *lane, weir__envelope *envelope) {
    weir__verdict verdict = WEIR__DONE;
    bool owed = weir__retire_begin(lane, envelope);
    if (stage->orderer != NULL)
        weir__ordered_forward(stage, lane, envelope);
    else
        verdict = weir__send(stage, lane, envelope);
    weir__retire_end(stage, lane, verdict, owed);
}

/* Returns the verdict of items that the call has consumed: the worst verdict of their results so far. */
static weir__verdict verdict_of_consumed(const weir_task *task) {
    return task->lost ? WEIR__FAILED : (weir__verdict)task->envelope->verdict;
}

/*
 * Retires an item, or each item of a batch. The item's envelope does not hold a result. If `code` is not 0, gives the
 * items up.
 */
static void retire_each(weir__lane *lane, const weir_task *task, int code) {
    const weir__failure failure = {code, task->envelope->attempts, task->message};
    weir__verdict verdict = verdict_of_consumed(task);
    weir__list rest = task->envelope->list;
    for (weir__envelope *at = task->envelope; at != NULL; at = weir__list_take(&rest)) {
        if (code != 0)
            verdict = weir__give_up(task->stage, lane, at, &failure);
        weir__retire(task->stage, lane, at, verdict);
    }
}

/* Gives up the item of the call. Returns its verdict. */
static weir__verdict give_up_one(weir__lane *lane, const weir_task *task, int code) {
    const weir__failure failure = {code, task->envelope->attempts, task->message};
    return weir__give_up(task->stage, lane, task->envelope, &failure);
}

/* Passes the item to the reorder buffer, which retires it at its turn. */
static void retire_in_order(weir__lane *lane, const weir_task *task, int code) {
    weir__verdict verdict = code == 0 ? verdict_of_consumed(task) : give_up_one(lane, task, code);
    task->envelope->verdict = (unsigned char)verdict;
    weir__ordered_ready(lane, task->envelope);
}

/*
 * Whether the item waits for its turn on leaving this stage. If a later stage restores the order, a result travels on
 * to that stage instead.
 */
static bool waits_for_turn(const weir_stage *stage, const weir__envelope *envelope) {
    return stage->orderer == stage || (stage->orderer != NULL && !envelope->is_result);
}

/* Ends the item. If `code` is 0 it is done, otherwise given up. */
static void end(weir__lane *lane, const weir_task *task, int code) {
    weir__envelope *envelope = task->envelope;
    if (waits_for_turn(task->stage, envelope))
        retire_in_order(lane, task, code);
    else if (envelope->is_result)
        retire_with_result(task->stage, lane, envelope);
    else
        retire_each(lane, task, code);
}

static bool fail(weir__lane *lane, weir_task *task, int code) {
    weir_stage *stage = task->stage;
    unsigned attempts = task->envelope->attempts;
    drop_emitted(lane, task);
    if (weir__is_cancelled(stage->pipeline)) {
        weir__retire_dropped(stage, lane, task->envelope);
        return true;
    }
    if (weir__is_retried(stage, attempts, code)) {
        weir__add_retried_error(stage, code, task->message, attempts);
        weir__back_off(lane, task);
        return false;
    }
    bool fatal = weir__add_error(stage, code, task->message, attempts);
    end(lane, task, code);
    if (fatal)
        weir__fail_run(stage->pipeline);
    return true;
}

static bool add_lost_error(const weir_task *task) {
    return weir__add_error(task->stage, WEIR_CODE(WEIR_NOMEM), "cannot allocate memory for a result",
                           task->envelope->attempts);
}

/* Fails an item that the function has consumed. There was no memory for a result, and nothing is left to drop. */
static void fail_consumed(weir__lane *lane, const weir_task *task) {
    bool fatal = add_lost_error(task);
    end(lane, task, 0);
    if (fatal)
        weir__fail_run(task->stage->pipeline);
}

/* Completes a successful call in which items of the batch have failed alone. Returns false if some of them back off. */
static bool complete_in_part(weir__lane *lane, weir_task *task) {
    bool fatal = task->lost && add_lost_error(task);
    bool ended = weir__fail_items(lane, task, verdict_of_consumed(task), &fatal);
    if (fatal)
        weir__fail_run(task->stage->pipeline);
    return ended;
}

/* Ends the call's own piece of the count of its batch's results. */
static void end_combined(weir__lane *lane, weir_task *task) {
    if (task->combined != NULL)
        weir__pieces_end(&task->stage->pipeline->flight, weir__account_of(lane), task->combined, WEIR__DONE);
    task->combined = NULL;
}

int weir__code_of_item(weir_task *task, int code) {
    if (task->lost)
        return WEIR_CODE(WEIR_NOMEM);
    if (code == WEIR_PENDING)
        return weir_task_fail(task, WEIR_CODE(WEIR_INVALID), "WEIR_PENDING from a call that has not detached its item");
    if (code != WEIR_END)
        return code;
    return weir_task_fail(task, WEIR_CODE(WEIR_INVALID), "WEIR_END from a function that is no source");
}

bool weir__complete(weir__lane *lane, weir_task *task, int code) {
    end_combined(lane, task);
    if (code == 0 && lane->faulty > 0)
        return complete_in_part(lane, task);
    weir__faults_forget(lane);
    if (code != 0)
        return fail(lane, task, weir__code_of_item(task, code));
    if (task->lost)
        fail_consumed(lane, task);
    else if (task->envelope->is_result && task->stage->orderer == NULL) /* most frequent case */
        retire_with_result(task->stage, lane, task->envelope);
    else
        end(lane, task, 0);
    return true;
}

bool weir__fail_uncalled(weir__lane *lane, weir_task *task, weir__envelope *envelope) {
    envelope->attempts++;
    task->envelope = envelope;
    task->message[0] = '\0';
    task->lost = false;
    task->retry_after = 0;
    return fail(lane, task, WEIR_CODE(WEIR_NOMEM));
}

void weir__complete_abandoned(weir__lane *lane, weir_task *task) {
    const weir__verdict done = verdict_of_consumed(task);
    size_t index = 0;
    drop_emitted(lane, task);
    end_combined(lane, task);
    weir__list rest = task->envelope->list;
    for (weir__envelope *at = task->envelope; at != NULL; at = weir__list_take(&rest)) {
        bool consumed = weir__item_is_consumed(lane, index++);
        if (!consumed)
            weir__drop_item(task->stage, at->item);
        weir__retire(task->stage, lane, at, consumed ? done : WEIR__FAILED);
    }
    weir__faults_forget(lane);
    lane->count = 0; /* the call is over: its task has no items */
}
