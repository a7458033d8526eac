/*
 * task.c - what a stage's function can ask for.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <stdarg.h>

#include "pipeline/pipeline.h"
#include "pipeline/timing.h"

/* A source's result comes into the pipeline: it is a root, and waits for the limits. */
static bool admit(weir_task *task, weir__envelope *envelope) {
    weir_pipeline *pipeline = task->stage->pipeline;
    envelope->weight = weir__pipeline_weigh(pipeline, envelope->item);
    if (!pipeline->limited)
        return !weir__is_cancelled(pipeline);
    weir_status status = weir__limits_enter(&pipeline->limits, envelope->weight, false, 0);
    if (status == WEIR_TIMEDOUT) {
        weir__timing_block(task);
        status = weir__limits_enter(&pipeline->limits, envelope->weight, false, WEIR_NEVER);
        weir__timing_unblock(task);
    }
    return status == WEIR_OK;
}

/* It was cancelled meanwhile. */
static void drop_of_source(weir_task *task, void *result) {
    weir__send_drop(task->stage, result);
    weir__stage_count(task->stage, task, WEIR__DROPPED);
    weir__count(&task->roots[WEIR__DROPPED], 1);
}

/* There is no memory for it: the call has failed, and nothing has come in. */
static void lose_of_source(weir_task *task, void *result) {
    task->lost = true;
    weir__send_drop(task->stage, result);
}

static void emit_from_source(weir_task *task, void *result) {
    weir_pipeline *pipeline = task->stage->pipeline;
    weir__envelope *envelope = weir__envelope_new(pipeline, task, result);
    if (envelope == NULL) {
        lose_of_source(task, result);
        return;
    }
    bool admitted = admit(task, envelope);
    weir__count(&task->produced, 1); /* in, before it can be over */
    if (admitted) {
        weir__verdict verdict = weir__send(task->stage, task, envelope);
        weir__stage_count(task->stage, task, verdict);
        return;
    }
    weir__envelope_free(pipeline, task, envelope);
    drop_of_source(task, result);
}

/* The token of what the function has in hand; NULL: out of memory. */
static weir__token *token_in_hand(weir_task *task) {
    weir_pipeline *pipeline = task->stage->pipeline;
    if (!weir__stage_gathers(task->stage))
        return weir__envelope_share(pipeline, task, task->envelope) ? task->envelope->token : NULL;
    if (task->combined == NULL)
        task->combined = weir__token_of_batch(pipeline, task, task->envelope);
    return task->combined;
}

/* A result of what the function has in hand: one more piece of it. */
static weir__envelope *piece_in_hand(weir_task *task, void *result) {
    weir__token *token = token_in_hand(task);
    weir__envelope *piece = token == NULL ? NULL : weir__envelope_new(task->stage->pipeline, task, result);
    if (piece == NULL)
        return NULL;
    piece->token = token;
    weir__token_add(token);
    return piece;
}

void weir_task_emit(weir_task *task, void *result) {
    if (task == NULL || !task->inside)
        return;
    if (weir__stage_is_source(task->stage)) {
        emit_from_source(task, result);
        return;
    }
    weir__envelope *piece = piece_in_hand(task, result);
    if (piece == NULL) {
        task->lost = true;
        weir__send_drop(task->stage, result);
    } else if (task->stage->options.ordered) {
        weir__list_append(&task->envelope->list, piece);
    } else {
        weir__verdict verdict = weir__send(task->stage, task, piece);
        task->envelope->verdict = (unsigned char)weir__worse((weir__verdict)task->envelope->verdict, verdict);
    }
}

int weir_task_fail(weir_task *task, int code, const char *format, ...) {
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
    if (task == NULL || !weir__stage_backs_off(task->stage))
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

weir_deadline weir_task_deadline(const weir_task *task) {
    uint64_t due = task == NULL ? 0 : weir__u64_load_relaxed(&task->due);
    return due != 0 ? due : WEIR_NEVER;
}

weir_batch_reason weir_task_batch_reason(const weir_task *task) {
    return task == NULL || task->envelope == NULL ? (weir_batch_reason)0 : (weir_batch_reason)task->envelope->reason;
}

weir_pipeline *weir_task_pipeline(const weir_task *task) {
    return task == NULL ? NULL : task->stage->pipeline;
}
