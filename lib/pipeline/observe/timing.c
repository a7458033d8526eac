/*
 * timing.c - Accounts for the time of a lane at low overhead.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/observe/timing.h"

#include "pipeline/observe/elastic.h"
#include "pipeline/observe/trace.h"
#include "pipeline/state/crew_wait.h"
#include "pipeline/state/pipeline.h"
#include "stoppable_worker/worker.h"

/*
 * Returns the number of calls that may go untimed after a call that took `took` ns. Timing a call, with the look at the
 * queue, costs up to 500 ns: both ends of the queue are in other processors' caches. That may take 1% of the time. With
 * calls of 10 us on one processor, the clock and the figures of each call took 1.3%.
 */
static unsigned untimed_after(uint64_t took) {
    enum { BETWEEN = 50 * 1000, OVERHEAD = 50 }; /* ns */
    return took >= BETWEEN ? 0 : (unsigned)(BETWEEN / (took + OVERHEAD));
}

static void look_at_queue(weir_stage *stage) {
    size_t depth = weir_queue_size(stage->queue);
    uint64_t peak = weir__u64_load_acquire(&stage->peak);
    while (depth > peak && !weir__u64_swap_weak_acquire_release(&stage->peak, &peak, depth))
        ;
}

/*
 * Returns the time at which this attempt becomes overdue if it does not wait again. Returns 0 if there is no limit.
 * With an attempt_time, every call is timed.
 */
static uint64_t due_at(const weir__lane *lane, uint64_t now) {
    uint64_t waited = weir__stopwatch_read(&lane->blocked, now) - lane->held_up;
    uint64_t begun = lane->from + waited, allowed = lane->stage->options.errors.attempt_time;
    bool limited = allowed != 0 && allowed < UINT64_MAX - begun && !lane->at_end;
    return limited ? begun + allowed : 0;
}

/* Notes the worker's wait for items. L1: also the first call of a run must wake the timer. */
static void stir(weir__lane *lane, uint64_t starved) {
    weir_stage *stage = lane->stage;
    bool waited = starved != lane->starved;
    lane->starved = starved;
    if (weir__stage_is_elastic(stage) && (waited || weir__u32_load_relaxed(&stage->dormant) != 0))
        weir__elastic_stir(stage);
}

void weir__timing_read(weir__lane *lane) {
    if (lane->untimed >= lane->may_skip) /* otherwise the worker has waited: the queue was empty */
        look_at_queue(lane->stage);
    lane->from = weir__lane_now(lane);
    stir(lane, weir__u64_load_relaxed(&lane->waits->word));
    lane->held_up = weir__stopwatch_read(&lane->blocked, lane->from);
    weir__u64_store_relaxed(&lane->due, due_at(lane, lane->from));
}

void weir__timing_take(weir__lane *lane) {
    const weir_stage *stage = lane->stage;
    weir__u64_store_relaxed(&lane->due, 0); /* visible to a reader that sees the count below */
    uint64_t now = weir__lane_read_clock(lane);
    uint64_t took = now - lane->from, blocked = weir__stopwatch_read(&lane->blocked, now) - lane->held_up;
    lane->waited = took > blocked ? blocked : took;
    took -= lane->waited;
    if (!lane->at_end)
        weir__histogram_count(&lane->latencies, took, lane->untimed + 1);
    lane->untimed = 0;
    bool always = stage->options.errors.attempt_time != 0 || stage->pipeline->options.trace != NULL;
    lane->may_skip = always ? 0 : untimed_after(took);
    lane->overran =
        !lane->at_end && stage->options.errors.attempt_time != 0 && took > stage->options.errors.attempt_time;
    if (lane->overran)
        weir__count(&lane->overdue, 1);
    if (stage->pipeline->options.trace != NULL)
        weir__trace_call(lane, lane->from, now);
    lane->from = 0;
}

static void start(weir__lane *lane, weir__cause cause) {
    uint64_t now = weir__lane_read_clock(lane);
    lane->cause = cause;
    weir__stopwatch_start(&lane->by_cause[cause], now);
    weir__stopwatch_start(&lane->blocked, now);
}

static void stop(weir__lane *lane) {
    uint64_t now = weir__lane_read_clock(lane);
    if (lane->from != 0)
        weir__u64_store_relaxed(&lane->due, due_at(lane, now)); /* visible to a reader that sees the wait ended */
    weir__stopwatch_stop(&lane->blocked, now);
    weir__stopwatch_stop(&lane->by_cause[lane->cause], now);
}

void weir__timing_block(weir__lane *lane, weir__cause cause) {
    if (lane->worker != NULL)
        weir__worker_waits(lane->worker);
    else
        weir__crew_wait_begin(lane);
    start(lane, cause);
}

void weir__timing_unblock(weir__lane *lane) {
    stop(lane);
    if (lane->worker == NULL)
        weir__crew_wait_end(lane);
}

static void go_on(weir__lane *lane) {
    if (lane->step == WEIR__SLEEPS)
        weir__timing_unblock(lane);
    else if (lane->step == WEIR__SPINS)
        stop(lane);
    lane->step = WEIR__GOES_ON;
    lane->fresh = false; /* the function goes on */
}

void weir__timing_tell(weir__callout *visit, weir__wait_step step) {
    weir__lane *lane = ((weir__visit *)visit)->lane; /* `callout` is the first member */
    if (step == WEIR__GOES_ON) {
        go_on(lane);
        return;
    }
    if (!lane->inside || weir__stopwatch_runs(&lane->blocked))
        return;
    lane->step = step;
    if (step == WEIR__SLEEPS)
        weir__timing_block(lane, WEIR__IN_FUNCTION);
    else
        start(lane, WEIR__IN_FUNCTION);
}
