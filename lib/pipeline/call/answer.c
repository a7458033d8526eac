/*
 * answer.c - Implements answers of operations, with weir_operation_finish and weir_operation_fail.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/call/answer.h"

#include <stdarg.h>
#include <string.h>

#include <weir/operation.h>

#include "pipeline/outcome/discard.h"
#include "pipeline/outcome/requeue.h"
#include "pipeline/outcome/retire.h"
#include "pipeline/outcome/send.h"
#include "pipeline/state/callback.h"
#include "pipeline/state/refuse.h"
#include "pipeline/waits/pending.h"

/* ---- from the operation to the envelope ---- */

/* Drops all results of an answer. They are no pieces. */
static void drop_results(weir__envelope *envelope, weir__account *account, weir__answer *answer) {
    weir_stage *stage = envelope->stage;
    weir__envelope *other;
    while ((other = weir__list_take(&answer->others)) != NULL) {
        weir__discard_result(stage, other->item);
        weir__envelope_free(&stage->pipeline->flight, account, other);
    }
    if (answer->has_result)
        weir__discard_result(stage, answer->result);
}

/*
 * A result leaves in the envelope of its item if it is the only one. The last of several ones, and one after a result
 * of the function itself that was lost, gets an envelope too. Returns false if there is no memory.
 */
static bool unite(const weir__envelope *envelope, weir__account *account, weir__answer *answer) {
    const weir_stage *stage = envelope->stage;
    bool alone = answer->others.first == NULL && envelope->list.first == NULL && envelope->verdict == WEIR__DONE;
    if (alone || !answer->has_result)
        return true;
    weir__envelope *last = weir__envelope_new(&stage->pipeline->flight, account, answer->result);
    if (last == NULL)
        return false;
    weir__list_append(&answer->others, last);
    answer->has_result = false;
    return true;
}

/* Makes the results, except the last one, pieces of the item's root. Returns false if there is no memory. */
static bool add_pieces(weir__envelope *envelope, weir__account *account, weir__answer *answer) {
    weir__envelope *other;
    if (answer->others.first == NULL)
        return true;
    if (!weir__envelope_share(&envelope->stage->pipeline->flight, account, envelope))
        return false;
    while ((other = weir__list_take(&answer->others)) != NULL) {
        other->pieces = envelope->pieces;
        weir__pieces_add(other->pieces);
        weir__list_append(&envelope->list, other);
    }
    return true;
}

/* Drops what a failed attempt has emitted by its task, and an ordered stage holds back. */
static void drop_emitted_before(weir__envelope *envelope, weir__account *account) {
    weir_pipeline *pipeline = envelope->stage->pipeline;
    weir__envelope *result;
    while ((result = weir__list_take(&envelope->list)) != NULL) {
        weir__discard_result(envelope->stage, result->item);
        weir__envelope_end(&pipeline->flight, account, result, WEIR__DONE);
    }
}

void weir__answer_collect(weir__envelope *envelope, weir__account *account, weir__answer *answer) {
    envelope->answered = true;
    envelope->code = answer->code;
    envelope->reply.message = answer->message;
    if (answer->code != 0) {
        drop_emitted_before(envelope, account);
        drop_results(envelope, account, answer);
        return;
    }
    if (envelope->lacks || !unite(envelope, account, answer) || !add_pieces(envelope, account, answer)) {
        envelope->lacks = true; /* the item is consumed, and failed */
        envelope->verdict = WEIR__FAILED;
        drop_results(envelope, account, answer);
        return;
    }
    if (!answer->has_result)
        return;
    envelope->item = answer->result;
    envelope->is_result = true;
}

void weir__answer_requeue(weir__envelope *envelope) {
    weir__requeue_first(envelope);
}

void weir__answer_give_back(weir__lane *lane) {
    weir__envelope *envelope;
    while ((envelope = weir__list_take(&lane->answered)) != NULL)
        weir__answer_requeue(envelope);
}

/* ---- the end of the call ---- */

/* Prepares the lane's task for the end of a call that another one of its calls, or another lane, has begun. */
static void resume_call(weir__lane *lane, weir__envelope *envelope) {
    weir_task *task = &lane->task;
    char *message = envelope->reply.message;
    task->envelope = envelope;
    task->lost = envelope->lacks;
    task->retry_after = 0;
    task->message[0] = '\0';
    if (message != NULL)
        strcpy(task->message, message);
    weir__free(message);
    envelope->answered = envelope->lacks = false;
}

/* Sends the results of a stage without an order, which are pieces. */
static void send_results(weir__lane *lane, weir__envelope *envelope) {
    weir_stage *stage = envelope->stage;
    weir__envelope *result;
    while ((result = weir__list_take(&envelope->list)) != NULL)
        envelope->verdict =
            (unsigned char)weir__worse((weir__verdict)envelope->verdict, weir__send(stage, lane, result));
}

int weir__answer_take(weir__lane *lane, weir__envelope *envelope) {
    resume_call(lane, envelope);
    if (envelope->stage->orderer == NULL)
        send_results(lane, envelope);
    return envelope->code;
}

bool weir__answer_discard(weir__envelope *envelope) {
    if (!envelope->answered)
        return false;
    envelope->answered = false;
    weir__free(envelope->reply.message);
    if (envelope->code != 0)
        return false;
    weir__discard_done(envelope);
    return true;
}

/* ---- the end of the operation ---- */

static weir_status refuse_operation(const weir_pipeline *pipeline, const char *call) {
    if (pipeline == NULL)
        return weir__refuse_null(call);
    return weir__refuse(pipeline, WEIR_INVALID, NULL, "%s: the operation is finished, or none of this pipeline", call);
}

/* Z8. Returns the lane that keeps the item; NULL: the item is requeued. */
static weir__lane *keeper_of(const weir_stage *stage) {
    if (stage->on_crew || stage->options.threads.max != 1)
        return NULL;
    const weir__visit *visit = weir__visit_find(stage->pipeline);
    bool own = visit != NULL && visit->lane == stage->lanes && visit->lane->runs;
    return own ? visit->lane : NULL;
}

/* The function has returned. The item is where a lane finds it before the slot is unused (Z3). Releases the lock. */
static void finish_pending(weir__operation *slot, weir__answer *answer) {
    weir__envelope *envelope = slot->envelope;
    weir__pending_finish(slot);
    weir__lock_release(&slot->stage->operations.lock);
    weir__answer_collect(envelope, NULL, answer);
    weir__lane *keeper = keeper_of(slot->stage);
    if (keeper != NULL)
        weir__list_append(&keeper->answered, envelope);
    else
        weir__answer_requeue(envelope);
    weir__pending_close(slot);
}

/*
 * Counts an operation that is finished. While the function is in its call, its lane counts it as overdue. The lock is
 * held.
 */
static void count_locked(weir__operation *slot) {
    weir__operations *operations = &slot->stage->operations;
    uint64_t limit = slot->stage->options.errors.attempt_time, now = weir__clock_now();
    uint64_t took = now > slot->begun ? now - slot->begun : 0;
    bool counts = slot->progress == WEIR__SLOT_PENDING && !slot->counted;
    operations->detached--;
    weir__histogram_count(operations->latencies, took, 1);
    if (limit != 0 && counts && took > limit)
        operations->overdue++;
}

static weir_status finish_operation(weir_pipeline *pipeline, weir_operation operation, int code, char *message) {
    weir__operation *slot = weir__pending_find(pipeline, operation);
    if (slot == NULL)
        return refuse_operation(pipeline, "finish");
    weir__answer answer = slot->answer;
    answer.code = code;
    answer.message = message;
    count_locked(slot);
    if (slot->progress == WEIR__SLOT_PENDING) {
        finish_pending(slot, &answer);
        return WEIR_OK;
    }
    slot->progress = WEIR__SLOT_ANSWERED;
    slot->answer = answer;
    weir__lock_release(&slot->stage->operations.lock);
    return WEIR_OK;
}

static weir_status finish_with(weir_pipeline *pipeline, weir_operation operation, int code, char *message) {
    if (pipeline == NULL)
        return refuse_operation(pipeline, "finish");
    weir_status status = finish_operation(pipeline, operation, code, message);
    if (status != WEIR_OK)
        weir__free(message);
    return status;
}

weir_status weir_operation_finish(weir_pipeline *pipeline, weir_operation operation, int code) {
    return finish_with(pipeline, operation, code, NULL);
}

/* Returns a copy of a message. Returns NULL if it is empty, or if there is no memory. */
static char *copy_of(const char *message) {
    size_t size = strlen(message) + 1;
    char *copy = size == 1 ? NULL : weir__alloc(size);
    return copy == NULL ? NULL : memcpy(copy, message, size);
}

weir_status weir_operation_fail(weir_pipeline *pipeline, weir_operation operation, int code, const char *format, ...) {
    char message[WEIR__MESSAGE] = "";
    if (format != NULL) {
        va_list arguments;
        va_start(arguments, format);
        (void)vsnprintf(message, sizeof message, format, arguments);
        va_end(arguments);
    }
    return finish_with(pipeline, operation, code != 0 ? code : WEIR_CODE(WEIR_FAILED),
                       pipeline == NULL ? NULL : copy_of(message));
}
