/*
 * task.c - Implements the calls that a stage's function makes on its task.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <stdarg.h>

#include "pipeline/call/root.h"
#include "pipeline/outcome/discard.h"
#include "pipeline/outcome/send.h"
#include "pipeline/state/pipeline.h"

/* ---- results ---- */

/* Returns the count of pieces to which the call's results belong. Returns NULL if there is no memory. */
static weir__pieces *pieces_of(weir_task *task) {
    weir__flight *flight = &task->stage->pipeline->flight;
    weir__account *account = &task->lane->account;
    if (!weir__stage_gathers(task->stage))
        return weir__envelope_share(flight, account, task->envelope) ? task->envelope->pieces : NULL;
    if (task->combined == NULL)
        task->combined = weir__envelope_combine(flight, account, task->envelope);
    return task->combined;
}

/* Returns a further piece with a result. Returns NULL if there is no memory. */
static weir__envelope *new_piece(weir_task *task, void *result) {
    weir__flight *flight = &task->stage->pipeline->flight;
    weir__pieces *pieces = pieces_of(task);
    weir__envelope *piece = pieces == NULL ? NULL : weir__envelope_new(flight, &task->lane->account, result);
    if (piece == NULL)
        return NULL;
    piece->pieces = pieces;
    weir__pieces_add(pieces);
    return piece;
}

/* Sends a result. In an ordered stage, the result waits for its item's turn instead. */
static void emit_piece(weir_task *task, weir__envelope *piece) {
    weir__envelope *item = task->envelope;
    if (task->stage->options.output.ordered) {
        weir__list_append(&item->list, piece);
        return;
    }
    weir__verdict verdict = weir__send(task->stage, task->lane, piece);
    item->verdict = (unsigned char)weir__worse((weir__verdict)item->verdict, verdict);
}

void weir_task_emit(weir_task *task, void *result) {
    if (task == NULL || !task->lane->inside || weir__emit_at_once(task->lane, result))
        return; /* in a plain pipeline, only calls without an item have a task */
    if (weir__makes_roots(task->lane)) {
        weir__emit_root(task->lane, result, NULL);
        return;
    }
    weir__envelope *piece = new_piece(task, result);
    if (piece != NULL) {
        emit_piece(task, piece);
        return;
    }
    task->lost = true;
    weir__discard_result(task->stage, result);
}

/* ---- the call ---- */

int weir_task_fail(weir_task *task, int code, const char *format, ...) {
    code = code != 0 ? code : WEIR_CODE(WEIR_FAILED);
    if (task == NULL)
        return code;
    task->message[0] = '\0';
    if (format != NULL) {
        va_list arguments;
        va_start(arguments, format);
        (void)vsnprintf(task->message, sizeof task->message, format, arguments);
        va_end(arguments);
    }
    return code;
}

weir_status weir_task_retry_after(weir_task *task, uint64_t delay) {
    if (task == NULL || task->lane->at_end || !weir__stage_backs_off(task->stage))
        return WEIR_INVALID;
    task->retry_after = delay;
    return WEIR_OK;
}

unsigned weir_task_attempt(const weir_task *task) {
    if (task == NULL)
        return 0;
    return task->envelope != NULL ? task->envelope->attempts : task->failures + 1;
}

bool weir_task_cancelled(weir_task *task) {
    if (task == NULL)
        return false;
    const weir_pipeline *pipeline = task->stage->pipeline;
    if (!weir__stage_is_source(task->stage))
        return weir__is_cancelled(pipeline);
    task->told = task->told || weir__is_ending(pipeline);
    return task->told;
}

bool weir_task_finishing(const weir_task *task) {
    return task != NULL && weir__is_ending(task->stage->pipeline);
}

weir_deadline weir_task_deadline(const weir_task *task) {
    uint64_t due = task == NULL ? 0 : weir__u64_load_relaxed(&task->lane->due);
    return due != 0 ? due : WEIR_NEVER;
}

weir_batch_reason weir_task_batch_reason(const weir_task *task) {
    return task == NULL || task->envelope == NULL ? (weir_batch_reason)0 : (weir_batch_reason)task->envelope->reason;
}

weir_pipeline *weir_task_pipeline(const weir_task *task) {
    return task == NULL ? NULL : task->stage->pipeline;
}
