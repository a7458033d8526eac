/*
 * weir/task_group.h - tasks that belong together: they are waited for, limited and cancelled as one.
 *
 * The first error of a task cancels the rest: tasks that have not begun never run, and those that run can see it
 * (weir_future_cancelled). wait returns when all have ended, and the group has all errors.
 *
 *     weir_task_group_create(&group, executor, NULL);
 *     for (size_t i = 0; i < count; i++)
 *         weir_task_group_run(group, check_file, &files[i]);
 *     if (weir_task_group_wait(group) == WEIR_FAILED)
 *         fprintf(stderr, "%s\n", weir_task_group_message(group, 0));
 *     weir_task_group_destroy(group);
 *
 * A group may have a parent. A cancel of the parent cancels the group and all groups below it. An error in the group does
 * not cancel the parent, unless a task of the parent returns it. A task may create a group, run tasks in it and wait for
 * them: the waiting thread runs tasks of the group that have not begun.
 *
 * All calls are thread-safe, and tasks may make them. NULL for a group, an executor or a function is WEIR_INVALID.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_TASK_GROUP_H
#define WEIR_TASK_GROUP_H

#include <stdbool.h>
#include <stddef.h>

#include <weir/deadline.h>
#include <weir/executor.h>
#include <weir/export.h>
#include <weir/future.h>
#include <weir/status.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct weir_task_group weir_task_group;

/*
 * A task of a group. Returns 0, or an error code, other than 0. `self` is for weir_future_cancelled and
 * weir_executor_error; it must not be retained. If the task ends its thread, its code is WEIR_CODE(WEIR_UNFINISHED).
 */
typedef int weir_task_group_func(weir_future *self, void *arg);

/* The options of a group. Members omitted from an initialiser are zero. Zero is valid for each of them. */
typedef struct weir_task_group_options {
    weir_task_group *parent; /* of the same executor; must outlive the group; NULL: none */
    size_t limit;            /* most tasks of the group that are pending or running at once; 0: no limit */
    weir_unrun_func *unrun;  /* receives the arg of each task that never ran; NULL: no call */
    void *unrun_arg;         /* passed to unrun */
    void *reserved[4];       /* must be NULL */
} weir_task_group_options;

/*
 * Creates a group without tasks and stores it in `*group`. Its tasks run on `executor`, which must outlive it. `options`
 * may be NULL: all are zero. If the parent is cancelled, so is the group. The caller frees it with
 * weir_task_group_destroy.
 *
 * Returns WEIR_OK. WEIR_INVALID if the parent has another executor or a reserved member is not NULL. WEIR_NOMEM if
 * memory ran out.
 */
WEIR_API weir_status weir_task_group_create(weir_task_group **group, weir_executor *executor,
                                            const weir_task_group_options *options);

/*
 * Runs a task in the group: `func` will be called with `arg`, once, unless the group is cancelled before. If the call
 * fails, `arg` is still the caller's.
 *
 * Blocks while `limit` tasks of the group have not ended; in a thread of the executor, it first runs tasks of the group
 * that have not begun. Also blocks as weir_executor_submit does if the executor is full. A cancel of the group and a
 * shutdown of the executor end both waits.
 *
 * Returns WEIR_OK. WEIR_CANCELLED if the group is cancelled. WEIR_DEADLOCK if only tasks that the calling thread runs
 * could make room; or in a thread of the executor, if it would block and no other thread can be had. The statuses of
 * weir_executor_submit.
 */
WEIR_API weir_status weir_task_group_run(weir_task_group *group, weir_task_group_func *func, void *arg);

/*
 * Blocks until every task of the group has ended. In a thread of the executor, it first runs tasks of the group that have
 * not begun. May be called again; the group can be used further if it is not cancelled.
 *
 * Returns WEIR_OK if no task has failed. WEIR_FAILED if one has; see weir_task_group_code. WEIR_CANCELLED if none has
 * failed, but the group is cancelled, or tasks were cancelled by a shutdown. WEIR_DEADLOCK, at once, in a task of this
 * group, or in a function that a shutdown or the cancel of a group calls for a task that never ran; or in a thread of
 * the executor, if it would block and no other thread can be had.
 */
WEIR_API weir_status weir_task_group_wait(weir_task_group *group);

/*
 * Behaves like weir_task_group_wait, but blocks no longer than until `deadline`, and runs no tasks itself unless
 * `deadline` is WEIR_NEVER. Returns WEIR_TIMEDOUT if tasks had not ended by then.
 */
WEIR_API weir_status weir_task_group_wait_until(weir_task_group *group, weir_deadline deadline);

/*
 * Cancels the group, and the groups below it: tasks that have not begun never run; those that run can see it. Calls
 * `unrun` of each group for its tasks that never ran. Never blocks. A second call has no effect. Returns WEIR_OK.
 */
WEIR_API weir_status weir_task_group_cancel(weir_task_group *group);

/* Returns whether the group is cancelled: by a call, an error or its parent. Never blocks. NULL: false. */
WEIR_API bool weir_task_group_cancelled(const weir_task_group *group);

/*
 * Return the number of tasks that have failed so far, and the code and the message of one of them, 0 being the first. The
 * message lives as long as the group; "" if there is none. Without such an error: 0, and "". A task that
 * returns WEIR_CODE(WEIR_CANCELLED) after a cancel has not failed.
 */
WEIR_API size_t weir_task_group_errors(const weir_task_group *group);
WEIR_API int weir_task_group_code(const weir_task_group *group, size_t error);
WEIR_API const char *weir_task_group_message(const weir_task_group *group, size_t error);

/*
 * Frees the group. NULL does nothing. Must be the last call.
 *
 * Returns WEIR_OK. WEIR_BUSY, without effect, if tasks of the group have not ended, groups below it exist, or a call on
 * it blocks.
 */
WEIR_API weir_status weir_task_group_destroy(weir_task_group *group);

#ifdef __cplusplus
}
#endif

#endif /* WEIR_TASK_GROUP_H */
