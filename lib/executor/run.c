/*
 * run.c - Implements the run of a task.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "executor/run.h"

#include <stdarg.h>
#include <stdio.h>

#include "executor/account.h"
#include "executor/delay.h"
#include "executor/drop.h"
#include "executor/failure.h"
#include "sync/border.h"
#include "sync/text.h"
#include "sync/thread_name.h"

enum { LONGEST_MESSAGE = 256 }; /* bytes, terminating zero included */

/* ---- the end of a run ---- */

/* Takes the message that the task has set; NULL: none. */
static char *take_message(weir__task *task) {
    char *message = task->future.result;
    task->future.result = NULL;
    return message;
}

/* The task has returned an error. Its future takes a copy of the message, and its group the message. */
static void fail_run(weir__task *task, int code, char *message) {
    weir_task_group *group = task->source->group;
    bool seen = code == WEIR_CODE(WEIR_CANCELLED);
    if (group != NULL && !(seen && weir__u32_load_acquire(&group->cancelled) != 0)) {
        weir__future_end_error(&task->future, code, NULL);
        weir__failure_record(group, code, message);
        return;
    }
    if (seen)
        weir__future_end_cancelled(&task->future);
    else
        weir__future_end_error(&task->future, code, message);
    weir__free(message);
}

static void drop_unused(const weir__task *task, void *value) {
    if (task->future.drop == NULL)
        return;
    task->future.drop(value, task->future.drop_arg);
    weir__border();
}

/* A run of a periodic task has succeeded. Returns false if the task goes on. */
static bool end_period(weir__task *task, weir__worker *worker, void *value) {
    drop_unused(task, value);
    if (weir__delay_again(task, worker))
        return false;
    weir__running_end(worker);
    weir__future_end_cancelled(&task->future);
    weir_future_release(&task->future);
    return true;
}

static inline bool run_end(weir__task *task, weir__worker *worker, int code, void *value) {
    char *message = take_message(task);
    if (code != 0) {
        weir__running_end(worker);
        fail_run(task, code, message);
        weir_future_release(&task->future);
        return true;
    }
    if (message != NULL)
        weir__free(message);
    if (weir__is_periodic(task))
        return end_period(task, worker, value);
    weir__running_end(worker);
    weir__future_finish_value(&task->future, value);
    return true;
}

bool weir__run_end(weir__task *task, weir__worker *worker, int code, void *value) {
    return run_end(task, worker, code, value);
}

/* ---- a run ---- */

static inline int call_func(weir__task *task, void **value) {
    int code = task->source->group != NULL ? task->func.grouped(&task->future, task->arg)
                                           : task->func.plain(&task->future, task->arg, value);
    weir__border();
    return code;
}

/* Runs the task in a thread of the program. */
static int call_here(weir__task *task, void **value) {
    weir__callout callout;
    weir__callout_begin(&callout, &task->future, WEIR__FUTURE_RUNS);
    int code = call_func(task, value);
    weir__callout_end(&callout);
    return code;
}

static inline bool has_name(const weir__task *task) {
    return task->extra != NULL && task->extra->name[0] != '\0';
}

/* The task has returned: the thread has the name of the innermost task around it that has one. */
static void rename_back(const weir__task *task) {
    const weir__task *outer = task->before;
    while (outer != NULL && !has_name(outer))
        outer = outer->before;
    weir__thread_set_name(outer != NULL ? outer->extra->name : weir__thread_self()->name);
}

static inline int call_on(weir__worker *worker, weir__task *task, void **value) {
    weir__callout **innermost = weir__thread_callouts();
    weir__callout callout = {.object = &task->future, .how = WEIR__FUTURE_RUNS, .outer = *innermost};
    *innermost = &callout; /* the thread is not cancellable: weir__worker_run */
    task->before = worker->current;
    worker->current = task;
    weir__running_begin(worker);
    bool named = has_name(task);
    if (named)
        weir__thread_set_name(task->extra->name);
    int code = call_func(task, value);
    if (named)
        rename_back(task);
    worker->current = task->before;
    *innermost = callout.outer;
    return code;
}

int weir__run_call(weir__task *task, weir__worker *worker, void **value) {
    return call_on(worker, task, value);
}

/* Returns the fate of a claimed task that must not run; NULL: it runs. */
static const weir__fate *fate_of(weir__task *task) {
    static const weir__fate cancelled = {.code = 0};
    static const weir__fate expired = {.code = WEIR_CODE(WEIR_TIMEDOUT), .message = "not begun by its deadline"};
    const weir_task_group *group = task->source->group;
    if (group != NULL && weir__u32_load_acquire(&group->cancelled) != 0)
        return &cancelled;
    if (task->extra == NULL || task->extra->deadline == WEIR_NEVER)
        return NULL;
    bool late = weir__clock_now() >= task->extra->deadline;
    task->extra->deadline = WEIR_NEVER; /* of the first run */
    return late ? &expired : NULL;
}

/* Ends a claimed task that must not run, and releases its own reference. */
static void end_unrun(weir__task *task, weir__worker *worker, const weir__fate *fate) {
    if (worker != NULL)
        weir__claim_end(worker);
    weir__drop_one(task, fate);
    weir_future_release(&task->future);
}

bool weir__run_claimed(weir__task *task, weir__worker *worker, bool counted) {
    const weir__fate *fate = fate_of(task);
    if (fate != NULL) {
        end_unrun(task, worker, fate);
        return true;
    }
    void *value = NULL;
    task->future.counted = counted;
    int code = worker == NULL ? call_here(task, &value) : call_on(worker, task, &value);
    return run_end(task, worker, code, value);
}

void weir__run_taken(weir__task *task, weir__worker *worker) {
    weir__source *source = task->source;
    weir__report_before(worker, source);
    if (!weir__future_begin(&task->future)) { /* X2 */
        weir__claim_end(worker);
        weir_future_release(&task->future);
    } else if (!weir__run_claimed(task, worker, true)) {
        return;
    }
    weir__account_later(worker, source);
}

void weir__run_give_away(weir__worker *worker) {
    weir__lock_acquire(&worker->executor->lock);
    worker->executor->alive++; /* X6 */
    weir__lock_release(&worker->executor->lock);
    worker->own = NULL;
}

void weir__run_abandon(weir__worker *worker, const weir__task *outer) {
    while (worker->current != outer) {
        weir__task *task = worker->current;
        weir__source *source = task->source;
        bool counted = task->future.counted;
        worker->current = task->before;
        weir__running_end(worker);
        if (task == worker->own)
            weir__run_give_away(worker);
        weir__free(take_message(task));
        fail_run(task, WEIR_CODE(WEIR_UNFINISHED), weir__copy_text("the task ended its thread"));
        weir_future_release(&task->future);
        if (counted)
            weir__account_later(worker, source);
    }
}

int weir_executor_error(weir_future *self, int code, const char *format, ...) {
    char text[LONGEST_MESSAGE];
    code = code != 0 ? code : WEIR_CODE(WEIR_FAILED);
    if (self == NULL || self->kind == NULL || format == NULL)
        return code;
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    weir__free(self->result);
    self->result = weir__copy_text(text);
    return code;
}
