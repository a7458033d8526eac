/*
 * timing.c - where the time of a worker goes, for as little of it as possible.
 *
 * Reading the clock twice costs as much as a quick call. So of quick calls only some are timed, and each of them counts
 * for those since the last; a call that comes after a slow one, or after a wait, is timed itself. What is asleep or
 * blocked is always timed: that costs far more than the clock. Busy is the rest.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/timing.h"

#include "pipeline/pipeline.h"

/*
 * How many calls may go untimed after one that took so many ns. Timing one, with the look at the queue, whose two ends
 * are in other processors' caches, costs up to half a microsecond: that is to be 1% of the time, or less.
 */
static unsigned untimed_after(uint64_t took) {
    enum { SLOW = 10 * 1000, BETWEEN = 50 * 1000, OVERHEAD = 50 }; /* ns */
    return took >= SLOW ? 0 : (unsigned)(BETWEEN / (took + OVERHEAD));
}

static void look_at_queue(weir_stage *stage) {
    size_t depth = weir_queue_size(stage->queue);
    uint64_t peak = weir__u64_load_acquire(&stage->peak);
    while (depth > peak && !weir__u64_swap_weak_acquire_release(&stage->peak, &peak, depth))
        ;
}

static uint64_t read_clock(weir_task *task) {
    return task->clock = weir__clock_now();
}

/* When this attempt is overdue, if it does not wait any more. Each is timed, where there is an attempt_time. */
static uint64_t due_at(const weir_task *task, uint64_t now) {
    uint64_t waited = weir__stopwatch_read(&task->blocked, now) - task->held_up;
    uint64_t begun = task->from + waited, allowed = task->stage->options.attempt_time;
    return allowed != 0 && allowed < UINT64_MAX - begun ? begun + allowed : 0;
}

void weir__timing_read(weir_task *task) {
    if (task->untimed >= task->may_skip) /* else it has waited, and the queue was empty */
        look_at_queue(task->stage);
    task->from = read_clock(task);
    task->starved = weir__u64_load_relaxed(&task->worker->starved.word);
    task->held_up = weir__stopwatch_read(&task->blocked, task->from);
    weir__u64_store_relaxed(&task->due, due_at(task, task->from));
}

void weir__timing_take(weir_task *task) {
    const weir_stage *stage = task->stage;
    weir__u64_store_relaxed(&task->due, 0); /* seen by whoever sees that it is counted, below */
    uint64_t now = read_clock(task);
    uint64_t took = now - task->from, blocked = weir__stopwatch_read(&task->blocked, now) - task->held_up;
    took = took > blocked ? took - blocked : 0;
    weir__meter_count(&task->meter, took, task->untimed + 1);
    task->untimed = 0;
    bool always = stage->options.attempt_time != 0 || stage->pipeline->options.trace != NULL;
    task->may_skip = always ? 0 : untimed_after(took);
    if (stage->options.attempt_time != 0 && took > stage->options.attempt_time)
        weir__count(&task->overdue, 1);
    if (stage->pipeline->options.trace != NULL) {
        weir__callback call;
        weir__callback_begin(&call, stage->pipeline, task->stage, WEIR_IN_STREAM);
        weir__trace_call(task, task->from, now);
        weir__callback_end(&call);
    }
    task->from = 0;
}

void weir__timing_block(weir_task *task) {
    weir__worker_waits(task->worker);
    weir__stopwatch_start(&task->blocked, read_clock(task));
}

void weir__timing_unblock(weir_task *task) {
    uint64_t now = read_clock(task);
    if (task->from != 0)
        weir__u64_store_relaxed(&task->due, due_at(task, now)); /* seen by whoever sees that it waits no more */
    weir__stopwatch_stop(&task->blocked, now);
}
