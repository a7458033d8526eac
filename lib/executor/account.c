/*
 * account.c - Implements the counts of tasks, and the wakes.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "executor/account.h"

#include "executor/cell.h"
#include "executor/recall.h"

static void call_all_locked(weir__park *park, weir__calls *calls) {
    if (park->sleepers > 0 && weir__park_wake_all(park)) {
        weir__assert(calls->count < sizeof calls->all / sizeof calls->all[0]);
        calls->all[calls->count++] = park;
    }
}

bool weir__calls_make(weir_executor *executor, const weir__calls *calls) {
    bool served = true;
    if (calls->thread == WEIR__CALL_NOW)
        served = weir__job_ready(&executor->job);
    else if (calls->thread == WEIR__CALL_SOON)
        weir__job_ready_soon(&executor->job);
    if (calls->one != NULL)
        weir__futex_wake(calls->one, 1);
    for (size_t i = 0; i < calls->count; i++)
        weir__park_signal(calls->all[i], WEIR__EVERYONE);
    return served;
}

void weir__account_locked(weir_executor *executor, weir__source *source, size_t count, weir__calls *calls) {
    weir_task_group *group = source->group;
    weir__assert(count <= executor->unfinished); /* X5 */
    executor->unfinished -= count;
    if (executor->unfinished == 0)
        call_all_locked(&executor->idle, calls);
    if (group == NULL)
        return;
    uint32_t left = weir__u32_load_relaxed(&group->unfinished) - (uint32_t)count;
    weir__u32_store_relaxed(&group->unfinished, left);
    if (left == 0 || (group->limit != 0 && left < group->limit))
        call_all_locked(&group->park, calls);
}

void weir__account_cancel_locked(weir_executor *executor, weir__calls *calls) {
    executor->cancels--;
    if (executor->cancels == 0)
        call_all_locked(&executor->idle, calls);
}

void weir__report_locked(weir__worker *worker, weir__calls *calls) {
    weir__cells_collect_locked(worker, false);
    if (worker->ended == 0)
        return;
    weir__account_locked(worker->executor, worker->ended_of, worker->ended, calls);
    worker->ended = 0;
}

void weir__report(weir__worker *worker) {
    weir__calls calls = {0};
    weir__lock_acquire(&worker->executor->lock);
    weir__report_locked(worker, &calls);
    (void)weir__calls_release(worker->executor, &calls);
}

/* N5. The outermost task of the worker has ended: lists the tasks of its nest. */
static void list_nest(weir__worker *worker) {
    weir_executor *executor = worker->executor;
    weir__nest *nest = &worker->nest;
    uint32_t count = weir__u32_load_relaxed(&nest->count);
    weir__calls calls = {0};
    weir__lock_acquire(&executor->lock);
    for (uint32_t i = 0; i < count; i++) {
        weir__task *task = weir__nest_shut_at(nest, i);
        if (task == NULL)
            continue;
        weir__source_append(&executor->bands, task);
        executor->unfinished++;
    }
    weir__make_way_locked(executor, WEIR__BAND_NORMAL);
    if (executor->bands.listed > 0)
        weir__call_thread_locked(executor, &calls);
    (void)weir__calls_release(executor, &calls);
    weir__nest_drop_all(nest);
}

void weir__account_later(weir__worker *worker, weir__source *source) {
    if (worker->current == NULL && weir__nest_has_entries(&worker->nest))
        list_nest(worker);
    weir__report_before(worker, source);
    worker->ended_of = source;
    worker->ended++;
    if (source->group != NULL && source->group->limit != 0)
        weir__report(worker);
}
