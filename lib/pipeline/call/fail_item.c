/*
 * fail_item.c - Fails single items of a batch whose other items are done.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/call/fail_item.h"

#include <stdarg.h>

#include "pipeline/outcome/dead_letter.h"
#include "pipeline/outcome/outcome.h"
#include "pipeline/outcome/retire.h"
#include "pipeline/outcome/retry.h"
#include "pipeline/state/pipeline.h"
#include "sync/text.h"

/* ---- the failures of a call ---- */

static void forget(weir__fault *fault) {
    weir__free(fault->message);
    *fault = (weir__fault){0, NULL};
}

void weir__faults_forget_all(weir__lane *lane) {
    for (size_t i = 0; lane->faulty > 0; i++) {
        if (lane->faults[i].code == 0)
            continue;
        forget(&lane->faults[i]);
        lane->faulty--;
    }
}

/* Fails an item. `message` may be NULL, or belongs to the item from now on. */
static void set_fault(weir__lane *lane, size_t index, int code, char *message) {
    weir__fault *fault = &lane->faults[index];
    lane->faulty += fault->code == 0;
    forget(fault);
    fault->code = code != 0 ? code : WEIR_CODE(WEIR_FAILED);
    fault->message = message;
}

static char *copy_message(const char *message) {
    return message[0] != '\0' ? weir__copy_text(message) : NULL;
}

weir_status weir_task_fail_item(weir_task *task, size_t index, int code, const char *format, ...) {
    char message[WEIR__MESSAGE] = "";
    if (task == NULL || index >= task->lane->count)
        return WEIR_INVALID;
    if (format != NULL) {
        va_list arguments;
        va_start(arguments, format);
        (void)vsnprintf(message, sizeof message, format, arguments);
        va_end(arguments);
    }
    set_fault(task->lane, index, code, copy_message(message));
    return WEIR_OK;
}

void weir__fail_item_as_task(weir_task *task, size_t index, int code) {
    if (task == NULL || index >= task->lane->count)
        return;
    set_fault(task->lane, index, code, copy_message(task->message));
    task->message[0] = '\0';
}

/* ---- consumed items ---- */

/* Stands for each of them in the lane's array of items. */
static char consumed;

void weir__item_consume(weir_task *task, size_t index) {
    if (task != NULL && index < task->lane->count)
        task->lane->items[index] = &consumed;
}

bool weir__item_is_consumed(const weir__lane *lane, size_t index) {
    return index < lane->count && lane->items[index] == &consumed;
}

/* ---- their effects ---- */

/* Ends an item that has failed alone. Returns false if it must be retried. */
static bool fail_one(weir__lane *lane, weir__envelope *item, const weir__failure *failure, bool *fatal) {
    weir_stage *stage = lane->stage;
    if (weir__is_cancelled(stage->pipeline)) {
        weir__retire_dropped(stage, lane, item);
        return true;
    }
    if (weir__is_retried(stage, failure->attempts, failure->code)) {
        weir__add_retried_error(stage, failure->code, failure->message, failure->attempts);
        return false;
    }
    if (weir__add_error(stage, failure->code, failure->message, failure->attempts))
        *fatal = true;
    weir__retire(stage, lane, item, weir__give_up(stage, lane, item, failure));
    return true;
}

/* Makes items the batch of the call's next attempt. */
static void back_off(weir__lane *lane, weir_task *task, weir__list items, unsigned attempts, unsigned char reason) {
    weir__envelope *first = weir__list_take(&items);
    first->list = items;
    first->attempts = attempts;
    first->reason = reason;
    task->envelope = first;
    weir__back_off(lane, task);
}

bool weir__fail_items(weir__lane *lane, weir_task *task, weir__verdict done, bool *fatal) {
    weir__envelope *at = task->envelope;
    weir__list rest = at->list, again = {NULL, NULL};
    const unsigned attempts = at->attempts;
    const unsigned char reason = at->reason;
    at->list = (weir__list){NULL, NULL};
    for (weir__fault *fault = lane->faults; at != NULL; at = weir__list_take(&rest), fault++) {
        const weir__failure failure = {fault->code, attempts, fault->message != NULL ? fault->message : ""};
        if (fault->code == 0)
            weir__retire(lane->stage, lane, at, done);
        else if (!fail_one(lane, at, &failure, fatal))
            weir__list_append(&again, at);
    }
    weir__faults_forget_all(lane);
    if (again.first != NULL)
        back_off(lane, task, again, attempts, reason);
    return again.first == NULL;
}
