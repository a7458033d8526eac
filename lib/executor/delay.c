/*
 * delay.c - Implements delayed and periodic tasks.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "executor/delay.h"

#include "executor/account.h"
#include "executor/recall.h"

bool weir__delay_prepare(weir_executor *executor) {
    weir__lock_acquire(&executor->timer_lock);
    if (!executor->timed)
        executor->timed = weir__timers_start(&executor->timers);
    bool timed = executor->timed;
    weir__lock_release(&executor->timer_lock);
    return timed;
}

void weir__delay_list_locked(weir__task *task) {
    weir_executor *executor = task->executor;
    task->where = WEIR__TASK_DELAYED;
    task->before = NULL;
    task->next = executor->delayed_list;
    if (task->next != NULL)
        task->next->before = task;
    executor->delayed_list = task;
    executor->delayed++;
}

void weir__delay_unlist_locked(weir__task *task) {
    weir_executor *executor = task->executor;
    weir__assert(task->where == WEIR__TASK_DELAYED); /* X1 */
    if (task->before == NULL)
        executor->delayed_list = task->next;
    else
        task->before->next = task->next;
    if (task->next != NULL)
        task->next->before = task->before;
    task->where = WEIR__TASK_OUT;
    executor->delayed--;
}

static void ring_task(weir__timer *timer) {
    weir__task *task = ((weir__extra *)timer)->task;
    weir_executor *executor = task->executor;
    weir__calls calls = {0};
    weir__lock_acquire(&executor->lock);
    bool due = task->where == WEIR__TASK_DELAYED;
    if (due) {
        weir__delay_unlist_locked(task);
        weir__source_append(&executor->bands, task);
        weir__make_way_locked(executor, task->source->band);
        weir__call_thread_locked(executor, &calls);
    }
    (void)weir__calls_release(executor, &calls);
    if (!due)
        weir_future_release(&task->future);
}

void weir__delay_set(weir__task *task) {
    weir__extra *extra = task->extra;
    extra->timer.ring = ring_task;
    if (!weir__timers_set(&task->executor->timers, &extra->timer, extra->due))
        weir_future_release(&task->future);
}

/* Returns the first time after `now` at which a run is due. */
static uint64_t next_due(const weir__extra *extra, uint64_t now) {
    uint64_t due = extra->due, period = extra->period;
    uint64_t missed = now > due ? (now - due) / period : 0;
    if (missed >= (UINT64_MAX - due) / period)
        return UINT64_MAX;
    return due + (missed + 1) * period;
}

bool weir__delay_again(weir__task *task, weir__worker *worker) {
    weir_executor *executor = task->executor;
    task->extra->due = next_due(task->extra, weir__clock_now());
    weir__lock_acquire(&executor->lock);
    bool again = !executor->closed && weir__future_again(&task->future);
    if (again) {
        weir__delay_list_locked(task);
        weir__running_end(worker);
    }
    weir__lock_release(&executor->lock);
    if (again)
        weir__delay_set(task);
    return again;
}

void weir__delay_stop(weir_executor *executor) {
    weir__timers_end(&executor->timers);
    (void)weir__timers_join_until(&executor->timers, UINT64_MAX);
}

void weir__delay_release(weir_executor *executor) {
    weir__timers_close(&executor->timers);
}
