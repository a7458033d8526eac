/*
 * cell.h - Allocates and frees tasks, through a list of spare ones.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_EXECUTOR_CELL_H
#define WEIR_EXECUTOR_CELL_H

#include "executor/state.h"

/*
 * Returns a zeroed task of the executor; NULL if out of memory. The lock is held on entry and exit. It is released
 * meanwhile if no task is spare.
 */
weir__task *weir__cell_take_locked(weir_executor *executor);

/*
 * Returns a spare task of the executor, with undefined members but for `executor`, `bundled` and those that are NULL at the
 * end of a future; NULL if there is none. The lock is held.
 */
weir__task *weir__cell_pop_locked(weir_executor *executor);

/* Returns a zeroed task that is not counted among those that exist; NULL if out of memory. The lock is not held. */
weir__task *weir__cell_new(weir_executor *executor);

/* The same as the next one, for a worker without spare tasks. Moves several from the executor to the worker. */
weir__task *weir__cell_fetch_own(weir__worker *worker);

/*
 * Returns a task of the executor, with undefined members but for `executor` and those that are NULL at the end of a
 * future; NULL if out of memory. The lock is not held.
 */
static inline weir__task *weir__cell_take_own(weir__worker *worker) {
    weir__task *task = worker->spare;
    if (task == NULL)
        return weir__cell_fetch_own(worker);
    worker->spare = task->next;
    worker->spares--;
    return task;
}

/* Returns a task that has no reference to its future left, or never had one. The lock is not held. */
void weir__cell_give(weir__task *task);

/* The same, with the lock held. `task` has no extra. */
void weir__cell_give_locked(weir__task *task);

/* Hands the worker's spare tasks to the executor, if they are many or `all` is set. The lock is held. */
void weir__cells_collect_locked(weir__worker *worker, bool all);

/* Frees the spare tasks and bundles. */
void weir__cells_free(weir_executor *executor);

#endif /* WEIR_EXECUTOR_CELL_H */
