/*
 * drop.h - Ends tasks that never ran.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_EXECUTOR_DROP_H
#define WEIR_EXECUTOR_DROP_H

#include "executor/state.h"

/* What becomes of tasks that never run. */
typedef struct weir__fate {
    weir_unrun_func *unrun; /* called with the task's arg; NULL: no call */
    void *unrun_arg;
    int code;            /* the futures fail with it; 0: they are cancelled */
    const char *message; /* of that error */
} weir__fate;

/*
 * Take tasks that have not begun out of their places, and add them to `list`, bundles included: those of a source; all
 * listed ones, and those in nests and batches; the delayed ones, or of them only the periodic ones. Tasks that were
 * claimed stay. The lock is held.
 */
void weir__drop_pull_source_locked(weir_executor *executor, weir__source *source, weir__task **list);
void weir__drop_pull_listed_locked(weir_executor *executor, weir__task **list);
void weir__drop_pull_delayed_locked(weir_executor *executor, bool periodic, weir__task **list);

/* Ends the tasks of the list, in the order in which they were added. The lock is not held. */
void weir__drop_list(weir_executor *executor, weir__task *list, const weir__fate *fate);

/* Ends one task that the calling thread has claimed. Its place is gone; the caller accounts for it. */
void weir__drop_one(weir__task *task, const weir__fate *fate);

#endif /* WEIR_EXECUTOR_DROP_H */
