/*
 * cell.c - Implements the allocation of tasks.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "executor/cell.h"

#include <string.h>

#include "sync/prefetch.h"

enum {
    MOST_SPARE = 4 * WEIR__POOL,     /* of an executor */
    WORKERS_SPARE = 2 * WEIR__CACHE, /* of a worker; it hands them over at its next acquire of the lock */
    WORKERS_OWN = WEIR__CACHE        /* if they are more than these */
};

weir__task *weir__cell_pop_locked(weir_executor *executor) {
    weir__task *task = executor->spare;
    if (task == NULL)
        return NULL;
    executor->spare = task->next;
    executor->spares--;
    executor->alive++;
    if (executor->spare != NULL) {
        weir__prefetch(executor->spare);
        weir__prefetch(&executor->spare->arg);
    }
    return task;
}

weir__task *weir__cell_take_locked(weir_executor *executor) {
    weir__task *task = weir__cell_pop_locked(executor);
    if (task != NULL) {
        memset(task, 0, sizeof *task);
        weir__u32_store_relaxed(&task->future.state, 0); /* atomics are stored to, also over the tests' scheduler */
        weir__u32_store_relaxed(&task->future.lock.state, WEIR__LOCK_FREE);
    } else {
        weir__lock_release(&executor->lock);
        task = weir__cell_new(executor);
        weir__lock_acquire(&executor->lock);
        if (task == NULL)
            return NULL;
        executor->alive++;
    }
    task->executor = executor;
    return task;
}

weir__task *weir__cell_new(weir_executor *executor) {
    weir__task *task = weir__alloc(sizeof *task);
    if (task != NULL)
        task->executor = executor;
    return task;
}

/* Moves spare tasks of the executor to the worker. */
static void fetch_locked(weir__worker *worker) {
    weir_executor *executor = worker->executor;
    while (worker->spares < WORKERS_OWN && executor->spare != NULL) {
        weir__task *task = executor->spare;
        executor->spare = task->next;
        executor->spares--;
        executor->alive++;
        task->next = worker->spare;
        worker->spare = task;
        worker->spares++;
    }
}

weir__task *weir__cell_fetch_own(weir__worker *worker) {
    weir_executor *executor = worker->executor;
    weir__lock_acquire(&executor->lock);
    fetch_locked(worker);
    weir__task *task = worker->spare;
    if (task == NULL) {
        task = weir__cell_take_locked(executor);
    } else {
        worker->spare = task->next;
        worker->spares--;
    }
    weir__lock_release(&executor->lock);
    return task;
}

/* Keeps up to MOST_SPARE tasks of a list of `count`. Returns the rest. */
static weir__task *keep_locked(weir_executor *executor, weir__task *list, size_t count) {
    executor->alive -= count;
    while (list != NULL && executor->spares < MOST_SPARE) {
        weir__task *next = list->next;
        list->next = executor->spare;
        executor->spare = list;
        executor->spares++;
        list = next;
    }
    return list;
}

static void free_list(weir__task *list) {
    while (list != NULL) {
        weir__task *next = list->next;
        weir__free(list);
        list = next;
    }
}

void weir__cell_give_locked(weir__task *task) {
    task->next = NULL;
    free_list(keep_locked(task->executor, task, 1));
}

void weir__cell_give(weir__task *task) {
    weir_executor *executor = task->executor;
    weir__worker *worker = weir__worker_of_thread(executor);
    if (task->extra != NULL)
        weir__free(task->extra);
    if (worker != NULL && worker->spares < WORKERS_SPARE) {
        task->next = worker->spare;
        worker->spare = task;
        worker->spares++;
        return;
    }
    task->next = NULL;
    weir__lock_acquire(&executor->lock);
    weir__task *rest = keep_locked(executor, task, 1);
    bool last = executor->destroyed && executor->alive == 0; /* X6 */
    weir__lock_release(&executor->lock);
    free_list(rest);
    if (last) {
        weir__cells_free(executor);
        weir__free(executor);
    }
}

void weir__cells_collect_locked(weir__worker *worker, bool all) {
    if (worker->spares == 0 || (worker->spares <= WORKERS_OWN && !all))
        return;
    free_list(keep_locked(worker->executor, worker->spare, worker->spares));
    worker->spare = NULL;
    worker->spares = 0;
}

void weir__cells_free(weir_executor *executor) {
    free_list(executor->spare);
    executor->spare = NULL;
    executor->spares = 0;
    weir__bundles_free(executor->bands.spare);
    executor->bands.spare = NULL;
}
