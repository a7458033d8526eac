/*
 * run.h - Runs tasks.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_EXECUTOR_RUN_H
#define WEIR_EXECUTOR_RUN_H

#include "executor/state.h"

/*
 * Runs a task that the calling thread has claimed, unless it is cancelled or has expired, ends it, and releases the
 * task's own reference. `worker` is the calling thread's, and claims (X8); NULL: a caller's thread. `counted`: the
 * caller accounts for a task that has ended (X5). Returns false if the task goes on: a periodic one, until its next run.
 */
bool weir__run_claimed(weir__task *task, weir__worker *worker, bool counted);

/*
 * Runs a task that was taken out of its place, unless it was claimed, as weir__run_claimed does. Accounts for it. The
 * worker claims (X8).
 */
void weir__run_taken(weir__task *task, weir__worker *worker);

/*
 * Calls the function of a task on a thread of the executor, which knows it meanwhile. Returns its code. The task still
 * counts as one that runs until weir__run_end or weir__running_end (X8).
 */
int weir__run_call(weir__task *task, weir__worker *worker, void **value);

/*
 * Ends a task that has returned, and releases its own reference. `worker` has called it; NULL: a caller's thread. Returns
 * false if the task goes on: a periodic one, until its next run.
 */
bool weir__run_end(weir__task *task, weir__worker *worker, int code, void *value);

/* X7. Makes the worker's own task one of the executor's: another thread may know its future. */
void weir__run_give_away(weir__worker *worker);

/* Ends the tasks that the thread runs inside `outer`, whose functions do not return: the thread ends. NULL: all. */
void weir__run_abandon(weir__worker *worker, const weir__task *outer);

#endif /* WEIR_EXECUTOR_RUN_H */
