/*
 * timing.h - around the calls of a stage's function. See timing.c.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_TIMING_H
#define WEIR_PIPELINE_TIMING_H

#include "pipeline/stage.h"

/* Reads the clock before a call, and after it. */
void weir__timing_read(weir_task *task);
void weir__timing_take(weir_task *task);

/* The clock, as it was since the worker has slept; it is the worker's own thread that asks. */
static inline uint64_t weir__timing_recent(weir_task *task) {
    uint64_t slept = weir__u64_load_relaxed(&task->worker->starved.word);
    if (slept != task->starved && slept != task->slept) {
        task->slept = slept;
        task->clock = weir__clock_now();
    }
    return task->clock;
}

static inline void weir__timing_begin(weir_task *task) {
    if (task->untimed >= task->may_skip || weir__u64_load_relaxed(&task->worker->starved.word) != task->starved)
        weir__timing_read(task);
    task->inside = true;
    weir__u64_store_relaxed(&task->visit.since, task->clock); /* `where` is the function between other calls */
}

static inline void weir__timing_end(weir_task *task) {
    task->inside = false;
    weir__u64_store_relaxed(&task->visit.since, 0);
    if (task->from != 0)
        weir__timing_take(task);
    else
        task->untimed++;
}

/* Around a wait for something other than an item. */
void weir__timing_block(weir_task *task);
void weir__timing_unblock(weir_task *task);

#endif /* WEIR_PIPELINE_TIMING_H */
