/*
 * timing.c - where the time of a worker goes, for as little of it as possible.
 *
 * Reading the clock twice costs as much as a quick call. So of quick calls each eighth is timed, and counts for those
 * since the last; a call that comes after a slow one, or after a wait, is timed itself. What is asleep or blocked is
 * always timed: that costs far more than the clock. Busy is the rest.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/pipeline.h"

static const uint64_t slow_call = 10 * 1000; /* ns */
enum { EACH = 8 };

/* Whether the worker has slept for want of an item since it was asked last. */
static bool has_slept(weir_task *task) {
    uint64_t starved = weir__u64_load_relaxed(&task->worker->starved);
    bool slept = starved != task->starved;
    task->starved = starved;
    return slept;
}

static bool is_timed(weir_task *task) {
    const weir_stage *stage = task->stage;
    bool slept = has_slept(task);
    return slept || task->slow || task->untimed + 1 >= EACH || stage->options.attempt_time != 0 ||
           stage->pipeline->options.trace != NULL;
}

static void look_at_queue(weir_stage *stage) {
    size_t depth = weir_queue_size(stage->queue);
    if (depth > weir__u64_load_relaxed(&stage->peak))
        weir__u64_store_relaxed(&stage->peak, depth);
}

void weir__timing_begin(weir_task *task) {
    task->from = 0;
    if (is_timed(task)) {
        look_at_queue(task->stage);
        task->held_up = weir__u64_load_relaxed(&task->blocked);
        task->clock = task->from = weir__clock_now();
    }
    weir__u64_store_relaxed(&task->since, task->clock);
}

/* A call that was timed is over. */
static void take_time(weir_task *task) {
    const weir_stage *stage = task->stage;
    task->clock = weir__clock_now();
    uint64_t took = task->clock - task->from, blocked = weir__u64_load_relaxed(&task->blocked) - task->held_up;
    took = took > blocked ? took - blocked : 0;
    weir__meter_count(&task->meter, took, task->untimed + 1);
    task->untimed = 0;
    task->slow = took >= slow_call;
    if (stage->options.attempt_time != 0 && took > stage->options.attempt_time)
        weir__count(&task->overdue, 1);
    if (stage->pipeline->options.trace != NULL)
        weir__trace_call(task, task->from, task->clock);
}

void weir__timing_end(weir_task *task) {
    weir__u64_store_relaxed(&task->since, 0);
    if (task->from != 0)
        take_time(task);
    else
        task->untimed++;
}

void weir__timing_block(weir_task *task) {
    weir__worker_waits(task->worker);
    task->clock = weir__clock_now();
    weir__u64_store_relaxed(&task->blocked_since, task->clock);
}

void weir__timing_unblock(weir_task *task) {
    uint64_t from = task->clock;
    task->clock = weir__clock_now();
    weir__u64_store_relaxed(&task->blocked_since, 0);
    weir__count(&task->blocked, task->clock - from);
}
