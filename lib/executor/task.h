/*
 * task.h - Defines tasks.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_EXECUTOR_TASK_H
#define WEIR_EXECUTOR_TASK_H

#include <weir/executor.h>
#include <weir/task_group.h>

#include "future/future.h"
#include "sync/sync.h"
#include "timer/timer.h"

typedef struct weir__task weir__task;
typedef struct weir__source weir__source;

enum weir__where { WEIR__TASK_OUT, WEIR__TASK_LISTED, WEIR__TASK_DELAYED };

/* What few tasks have. Constant, but for `due`. */
typedef struct weir__extra {
    weir__timer timer; /* first member */
    weir__task *task;
    uint64_t deadline; /* the task must begin by then; WEIR_NEVER: none */
    uint64_t due;      /* time of the next run; the thread's that owns the task */
    uint64_t period;   /* ns; 0: the task runs once */
    char name[WEIR__THREAD_NAME];
} weir__extra;

struct weir__task {
    weir_future future; /* first member; `result` is the message while the task runs */
    weir_executor *executor;
    union {
        weir_executor_func *plain;
        weir_task_group_func *grouped; /* the source belongs to a group */
    } func;
    void *arg;
    weir__source *source;      /* constant */
    weir__extra *extra;        /* NULL: none; constant */
    weir__task *next, *before; /* in a list (X1); while the task runs, `before` is the run around it on the thread */
    uint32_t since;            /* tick at which it was listed; 0: not measured; under the lock */
    uint16_t where;            /* X1; under the lock */
    bool bundled;              /* it is the head of a bundle (executor/bundle.h); constant */
};

static inline bool weir__is_periodic(const weir__task *task) {
    return task->extra != NULL && task->extra->period != 0;
}

/* A task without a future of its own and without options. */
typedef struct weir__pair {
    weir_executor_func *func;
    void *arg;
} weir__pair;

#endif /* WEIR_EXECUTOR_TASK_H */
