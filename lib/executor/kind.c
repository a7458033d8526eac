/*
 * kind.c - Implements what a future does with its task.
 *
 * A thread of the executor that waits for a task that has not begun runs it itself. It runs no other task meanwhile: the
 * waiting task may hold locks that another one needs, and the stack would be as deep as there are tasks.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "executor/kind.h"

#include "executor/account.h"
#include "executor/cell.h"
#include "executor/delay.h"
#include "executor/recall.h"
#include "executor/run.h"

static void free_task(weir_future *future) {
    weir__cell_give((weir__task *)future);
}

/*
 * Claims a task that is in no nest. Stores in `*listed` whether it was listed. A task in a batch stays there: its worker
 * finds it claimed, and accounts for it. A periodic one would be pending again by then: it must be listed (X11).
 */
static bool claim_locked(weir__task *task, bool *listed) {
    weir_executor *executor = task->executor;
    bool periodic = weir__is_periodic(task);
    if (task->where == WEIR__TASK_OUT && (periodic || executor->capacity != WEIR_UNBOUNDED))
        weir__recall_from_locked(executor, WEIR__BAND_HIGH); /* else it would count as pending once it has begun */
    *listed = task->where == WEIR__TASK_LISTED;
    if (task->where == WEIR__TASK_DELAYED || (periodic && !*listed) || !weir__future_begin(&task->future)) /* X2 */
        return false;
    if (*listed)
        weir__source_remove(&executor->bands, task);
    else
        (void)weir_future_retain(&task->future); /* weir__run_claimed releases one */
    return true;
}

static bool help_task(weir_future *future) {
    weir__task *task = (weir__task *)future;
    weir_executor *executor = task->executor;
    weir__worker *worker = weir__worker_of_thread(executor);
    weir__calls calls = {0};
    if (worker == NULL)
        return false;
    weir__claim_begin(worker);
    if (weir__future_is_open(future) && weir__nest_claim(&worker->nest, task)) {
        (void)weir__run_claimed(task, worker, false); /* N5 */
        return true;
    }
    bool listed;
    weir__lock_acquire(&executor->lock);
    bool claimed = claim_locked(task, &listed);
    if (claimed && listed)
        weir__call_room_locked(executor, &calls);
    (void)weir__calls_release(executor, &calls);
    if (!claimed)
        weir__claim_end(worker);
    else if (weir__run_claimed(task, worker, listed) && listed)
        weir__account_later(worker, task->source);
    return claimed;
}

/* The calling thread has a reference, so the task's own one is not the last. */
static void withdraw_task(weir_future *future) {
    weir__task *task = (weir__task *)future;
    weir_executor *executor = task->executor;
    weir__calls calls = {0};
    weir__lock_acquire(&executor->lock);
    if (task->where == WEIR__TASK_OUT && executor->capacity != WEIR_UNBOUNDED)
        weir__recall_from_locked(executor, WEIR__BAND_HIGH); /* it is pending in a batch, and makes room */
    bool listed = task->where == WEIR__TASK_LISTED, delayed = task->where == WEIR__TASK_DELAYED;
    if (listed)
        weir__source_remove(&executor->bands, task);
    else if (delayed)
        weir__delay_unlist_locked(task);
    if (listed || delayed) {
        weir__call_room_locked(executor, &calls);
        weir__account_locked(executor, task->source, 1, &calls);
    }
    (void)weir__calls_release(executor, &calls);
    if (listed) /* a timer has the reference of a delayed task */
        weir__future_forget(future);
}

/* X12. */
static bool cancel_task(weir_future *future) {
    weir_executor *executor = ((weir__task *)future)->executor;
    weir__callout callout;
    weir__calls calls = {0};
    (void)weir_future_retain(future); /* a callback may release the caller's reference */
    weir__lock_acquire(&executor->lock);
    executor->cancels++;
    weir__lock_release(&executor->lock);
    weir__callout_begin(&callout, executor, WEIR__CANCELS);
    bool cancelled = weir__future_cancel_pending(future);
    weir__callout_end(&callout);
    weir__lock_acquire(&executor->lock);
    weir__account_cancel_locked(executor, &calls);
    (void)weir__calls_release(executor, &calls);
    weir_future_release(future);
    return cancelled;
}

/* The function of a group's task sees a cancel of the group. */
static bool is_asked(const weir_future *future) {
    const weir_task_group *group = ((const weir__task *)future)->source->group;
    return group != NULL && weir__u32_load_acquire(&group->cancelled) != 0;
}

const weir__future_kind weir__task_kind = {
    .destroy = free_task, .help = help_task, .cancelled = withdraw_task, .cancel = cancel_task, .asked = is_asked};
