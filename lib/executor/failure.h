/*
 * failure.h - Records errors of a group of tasks, and cancels the group.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_EXECUTOR_FAILURE_H
#define WEIR_EXECUTOR_FAILURE_H

#include "executor/state.h"

/*
 * Records an error of a task, and cancels the group if it is the first. Takes the message, which was allocated; NULL:
 * none. The first error is always kept; a later one is not if there is no memory.
 */
void weir__failure_record(weir_task_group *group, int code, char *message);

/* Cancels the group and the groups below it, and drops their tasks that have not begun. The lock is not held. */
void weir__failure_cancel(weir_task_group *group);

/* Wakes the callers that sleep in the parks of groups: the executor is closed. */
void weir__failure_wake_all_locked(weir_executor *executor);

#endif /* WEIR_EXECUTOR_FAILURE_H */
