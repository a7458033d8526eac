/*
 * drop.c - Implements the end of tasks that never ran.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "executor/drop.h"

#include "executor/account.h"
#include "executor/delay.h"
#include "executor/recall.h"
#include "sync/border.h"

/* Adds a task that is in no place to the end of the list, which `*list` is. */
static weir__task **add_locked(weir__task *task, weir__task **list) {
    if (task->source->group != NULL)
        task->source->group->incomplete = true;
    task->next = NULL;
    *list = task;
    return &task->next;
}

static weir__task **end_of(weir__task **list) {
    while (*list != NULL)
        list = &(*list)->next;
    return list;
}

void weir__drop_pull_source_locked(weir_executor *executor, weir__source *source, weir__task **list) {
    list = end_of(list);
    while (source->first != NULL) {
        weir__task *task = source->first;
        weir__source_remove(&executor->bands, task);
        list = add_locked(task, list);
    }
}

/* N5. */
static void pull_nest_locked(weir_executor *executor, weir__nest *nest, weir__task **list) {
    weir__task *tasks[WEIR__CACHE];
    size_t count;
    list = end_of(list);
    while ((count = weir__nest_shut_locked(nest, tasks, WEIR__CACHE)) > 0) {
        executor->unfinished += count;
        for (size_t i = 0; i < count; i++)
            list = add_locked(tasks[i], list);
    }
}

void weir__drop_pull_listed_locked(weir_executor *executor, weir__task **list) {
    for (weir__worker *worker = executor->workers; worker != NULL; worker = worker->after)
        pull_nest_locked(executor, &worker->nest, list);
    weir__recall_from_locked(executor, WEIR__BAND_HIGH);
    for (enum weir__band band = WEIR__BAND_HIGH; band < WEIR__BANDS; band++) {
        while (executor->bands.list[band].first != NULL)
            weir__drop_pull_source_locked(executor, executor->bands.list[band].first, list);
    }
}

void weir__drop_pull_delayed_locked(weir_executor *executor, bool periodic, weir__task **list) {
    list = end_of(list);
    for (weir__task *task = executor->delayed_list, *next; task != NULL; task = next) {
        next = task->next;
        if (periodic && task->extra->period == 0)
            continue;
        weir__delay_unlist_locked(task);
        (void)weir_future_retain(&task->future); /* the timer still has the task's own reference */
        list = add_locked(task, list);
    }
}

static void call_unrun(weir_unrun_func *unrun, void *task_arg, void *arg) {
    if (unrun == NULL)
        return;
    int before = weir__uncancellable_begin();
    unrun(task_arg, arg);
    weir__border();
    weir__uncancellable_end(before);
}

void weir__drop_one(weir__task *task, const weir__fate *fate) {
    const weir_task_group *group = task->source->group;
    bool own = group != NULL && group->unrun != NULL;
    call_unrun(own ? group->unrun : fate->unrun, task->arg, own ? group->unrun_arg : fate->unrun_arg);
    if (fate->code != 0)
        weir__future_end_error(&task->future, fate->code, fate->message);
    else
        weir__future_end_cancelled(&task->future);
}

/* Accounts for a task that was dropped. */
static void account(weir_executor *executor, weir__source *source) {
    weir__calls calls = {0};
    weir__lock_acquire(&executor->lock);
    weir__account_locked(executor, source, 1, &calls);
    weir__call_room_locked(executor, &calls);
    (void)weir__calls_release(executor, &calls);
}

static void drop_bundle(weir_executor *executor, weir__bundle *bundle, const weir__fate *fate) {
    weir__source *source = bundle->head.source;
    size_t size = weir__bundle_size(bundle);
    for (size_t i = 0; i < size; i++)
        call_unrun(fate->unrun, bundle->pairs[bundle->from + i].arg, fate->unrun_arg);
    weir__free(bundle);
    for (size_t i = 0; i < size; i++)
        account(executor, source);
}

void weir__drop_list(weir_executor *executor, weir__task *list, const weir__fate *fate) {
    weir__callout callout;
    weir__callout_begin(&callout, executor, WEIR__CANCELS | WEIR__DROPS);
    while (list != NULL) {
        weir__task *task = list;
        weir__source *source = task->source;
        list = task->next;
        if (task->bundled) {
            drop_bundle(executor, (weir__bundle *)task, fate);
            continue;
        }
        if (weir__future_begin(&task->future)) /* X2 */
            weir__drop_one(task, fate);
        weir_future_release(&task->future);
        account(executor, source);
    }
    weir__callout_end(&callout);
}
