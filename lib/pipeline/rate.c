/*
 * rate.c - no more calls a second than that.
 *
 * The generic cell rate algorithm, ITU-T Recommendation I.371: one number says when the next call is due if nothing
 * pauses, and a call may come before that by as much as the burst allows.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/pipeline.h"

static uint64_t round_up(double value) {
    uint64_t whole = (uint64_t)value;
    return (double)whole < value ? whole + 1 : whole;
}

void weir__rate_prepare(weir_stage *stage) {
    double rate = stage->options.rate;
    if (rate <= 0)
        return;
    double interval = (double)WEIR_SECOND / rate, longest = 1e18;
    stage->rate.interval = interval > longest ? (uint64_t)longest : round_up(interval); /* 1 at least: see graph.c */
    size_t burst = stage->options.burst;
    uint64_t ahead = burst > 1 ? burst - 1 : 0;
    stage->rate.slack =
        ahead > (uint64_t)longest / stage->rate.interval ? (uint64_t)longest : ahead * stage->rate.interval;
}

/* Takes that many turns; returns when they have come. */
static uint64_t take_turn_locked(weir__rate *rate, uint64_t now, uint64_t items) {
    uint64_t due = rate->next > now ? rate->next : now;
    rate->next = items > (UINT64_MAX - due) / rate->interval ? UINT64_MAX : due + items * rate->interval;
    return due > rate->slack ? due - rate->slack : 0;
}

bool weir__rate_wait(weir_task *task, size_t items) {
    weir_stage *stage = task->stage;
    uint64_t now = weir__clock_now();
    weir__lock_acquire(&stage->lock);
    uint64_t due = take_turn_locked(&stage->rate, now, items);
    weir__lock_release(&stage->lock);
    return due <= now || weir__stage_wait_until(stage, task, due);
}
