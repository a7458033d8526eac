/*
 * submit.h - Declares how a task is accepted.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_EXECUTOR_SUBMIT_H
#define WEIR_EXECUTOR_SUBMIT_H

#include "executor/state.h"

/* A task to be accepted. */
typedef struct weir__order {
    weir__source *source;
    weir_executor_func *plain;     /* of a source without a group */
    weir_task_group_func *grouped; /* of one with a group */
    void *arg;
    weir_drop_func *drop;
    void *drop_arg;
    bool delayed;         /* until `due` of the extra */
    weir__extra *extra;   /* becomes the task's, if it is accepted; NULL: none */
    uint64_t deadline;    /* how long to block for room */
    weir_future **future; /* receives a reference; NULL: none */
} weir__order;

/*
 * Accepts a task, or runs it. Returns a status of weir_executor_submit_with; WEIR_CANCELLED if the group is cancelled;
 * WEIR_BUSY, at once, if the group has as many tasks as its limit says.
 */
weir_status weir__submit(weir_executor *executor, const weir__order *order);

#endif /* WEIR_EXECUTOR_SUBMIT_H */
