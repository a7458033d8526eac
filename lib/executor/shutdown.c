/*
 * shutdown.c - Shuts executors down, and frees them.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "executor/account.h"
#include "executor/cell.h"
#include "executor/delay.h"
#include "executor/drop.h"
#include "executor/failure.h"
#include "executor/state.h"

/* Refuses tasks from now on, and takes out those that will not run. */
static void close_locked(weir_executor *executor, bool cancel_pending, weir__task **list) {
    executor->closed = true;
    for (weir__worker *worker = executor->workers; worker != NULL; worker = worker->after)
        weir__nest_close_locked(&worker->nest, true); /* N3 */
    weir__drop_pull_delayed_locked(executor, !cancel_pending, list);
    if (cancel_pending)
        weir__drop_pull_listed_locked(executor, list);
}

/* Blocks until every task has ended; with `cancels`, until every cancel has ended, too (X12). */
static weir_status await_end(weir_executor *executor, bool cancels, weir_deadline deadline) {
    bool in_time = true;
    weir__lock_acquire(&executor->lock);
    while ((executor->unfinished > 0 || (cancels && executor->cancels > 0)) && in_time) {
        executor->callers++;
        in_time = weir__park_wait(&executor->idle, &executor->lock, deadline, NULL);
        executor->callers--;
    }
    weir_status status = executor->unfinished > 0 ? WEIR_TIMEDOUT : WEIR_OK;
    weir__lock_release(&executor->lock);
    return status;
}

weir_status weir_executor_shutdown(weir_executor *executor, bool wait, bool cancel_pending, weir_deadline deadline,
                                   weir_unrun_func *unrun, void *unrun_arg) {
    weir__task *list = NULL;
    if (executor == NULL)
        return WEIR_INVALID;
    if (wait && (weir__worker_of_thread(executor) != NULL || weir__callout_is_inside(executor, WEIR__DROPS)))
        return WEIR_DEADLOCK;
    weir__lock_acquire(&executor->lock);
    close_locked(executor, cancel_pending, &list);
    weir__failure_wake_all_locked(executor);
    weir__park_release_all(&executor->room, &executor->lock);
    const weir__fate fate = {.unrun = unrun, .unrun_arg = unrun_arg};
    weir__drop_list(executor, list, &fate);
    return wait ? await_end(executor, false, deadline) : WEIR_OK;
}

/* ---- destroying ---- */

static const uint64_t nap_time = 50 * 1000; /* ns */

/* What X8 tells of the tasks that were accepted. */
enum rest {
    IDLE,    /* no function is called any more */
    UNCLEAR, /* a worker claims a task: it will soon run it, or find that it was cancelled */
    IN_USE
};

/* Whether a task in its place may run. A cancelled task leaves it soon. */
static bool may_run(const weir__task *task) {
    return task->bundled || !weir__future_has_ended(&task->future);
}

static bool may_one_run(const weir__task *list) {
    while (list != NULL && !may_run(list))
        list = list->next;
    return list != NULL;
}

static bool is_one_listed_locked(const weir_executor *executor) {
    for (enum weir__band band = WEIR__BAND_HIGH; band < WEIR__BANDS; band++) {
        for (const weir__source *source = executor->bands.list[band].first; source != NULL; source = source->next) {
            if (may_one_run(source->first))
                return true;
        }
    }
    return may_one_run(executor->delayed_list);
}

/*
 * The worker may take a token out of its batch meanwhile. The memory stays a task's: tasks are freed under the lock only,
 * as in N4. The load pairs with the worker's exchange, which follows CLAIMING.
 */
static enum rest look_at_worker_locked(weir__worker *worker) {
    for (size_t i = 0; i < worker->batch_size; i++) {
        const weir__task *token = weir__ptr_load_acquire(&worker->batch[i].token);
        if (token != NULL && (worker->batch[i].of != NULL || may_run(token)))
            return IN_USE;
    }
    if (weir__nest_size_locked(&worker->nest) > 0)
        return IN_USE;
    uint32_t running = weir__u32_load_relaxed(&worker->running);
    if ((running & ~WEIR__CLAIMING) > 0)
        return IN_USE;
    return running == 0 ? IDLE : UNCLEAR;
}

static enum rest look_locked(weir_executor *executor) {
    if (executor->callers > 0 || executor->groups != NULL || executor->running_here > 0)
        return IN_USE;
    if (executor->unfinished == 0)
        return IDLE;
    enum rest rest = is_one_listed_locked(executor) ? IN_USE : IDLE;
    for (weir__worker *worker = executor->workers; worker != NULL && rest != IN_USE; worker = worker->after) {
        enum rest more = look_at_worker_locked(worker);
        rest = more > rest ? more : rest;
    }
    return rest;
}

/*
 * Shuts an idle executor down in the step that finds it idle. Returns false, without effect, if it is in use. The counts
 * may lack ended tasks, and callbacks of such tasks may still run.
 */
static bool close_if_idle(weir_executor *executor) {
    weir__task *list = NULL;
    weir__u32 word;
    weir__u32_store_relaxed(&word, 0);
    enum rest rest = UNCLEAR;
    while (rest == UNCLEAR) {
        weir__lock_acquire(&executor->lock);
        rest = look_locked(executor);
        if (rest == IDLE)
            close_locked(executor, false, &list);
        weir__lock_release(&executor->lock);
        if (rest == UNCLEAR)
            (void)weir__futex_wait(&word, 0, weir__clock_now() + nap_time);
    }
    weir__drop_list(executor, list, &(weir__fate){.code = 0});
    return rest == IDLE;
}

weir_status weir_executor_destroy(weir_executor *executor) {
    if (executor == NULL)
        return WEIR_OK;
    if (weir__worker_of_thread(executor) != NULL || weir__callout_is_inside(executor, WEIR__CANCELS))
        return WEIR_DEADLOCK;
    if (!close_if_idle(executor))
        return WEIR_BUSY;
    (void)await_end(executor, true, WEIR_NEVER);
    weir__delay_stop(executor);
    weir__job_leave(&executor->job);
    weir__crew_end(executor->crew);
    weir__ptr_store_relaxed(&executor->home, executor); /* before the crew of another executor has this address */
    weir__crew_free(executor->crew);
    weir__delay_release(executor);
    weir__lock_acquire(&executor->lock);
    executor->destroyed = true;
    bool last = executor->alive == 0; /* X6 */
    weir__lock_release(&executor->lock);
    if (last) {
        weir__cells_free(executor);
        weir__free(executor);
    }
    return WEIR_OK;
}
