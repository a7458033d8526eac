/*
 * pause.c - Blocks a worker until a time, a resume, or until its function must return.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/waits/pause.h"

#include "pipeline/observe/timing.h"
#include "pipeline/waits/own_wait.h"

/* Blocks until a wake or the time, or for no reason. The lock is held on entry and exit. */
static void wait_locked(weir__lane *lane, uint64_t time) {
    weir_stage *stage = lane->stage;
    if (!weir__waits_itself(stage)) {
        weir__park_wait(&stage->park, &stage->lock, time, NULL);
        return;
    }
    weir__lock_release(&stage->lock);
    weir__own_wait(lane, time);
    weir__lock_acquire(&stage->lock);
}

bool weir__pause_until(weir__lane *lane, uint64_t time, weir__cause cause) {
    weir_stage *stage = lane->stage;
    weir__timing_block(lane, cause);
    weir__lock_acquire(&stage->lock);
    while (!weir__is_told_to_return(stage) && weir__clock_now() < time)
        wait_locked(lane, time);
    weir__lock_release(&stage->lock);
    weir__timing_unblock(lane);
    return !weir__is_told_to_return(stage);
}

/* Takes `turns` turns of the stage's rate, and blocks until the rate allows them. Returns as weir__pause_until. */
static bool pause_for_rate(weir__lane *lane, size_t turns) {
    weir_stage *stage = lane->stage;
    uint64_t now = weir__clock_now();
    weir__turn turn = weir__rate_take(&stage->rate, now, turns);
    if (turn.due <= now)
        return true;
    weir__timing_block(lane, WEIR__FOR_RATE);
    weir__lock_acquire(&stage->lock);
    while (!weir__is_told_to_return(stage) && weir__clock_now() < weir__rate_due(&stage->rate, &turn))
        wait_locked(lane, turn.due);
    weir__lock_release(&stage->lock);
    weir__timing_unblock(lane);
    return !weir__is_told_to_return(stage);
}

/* Whether a wait for the gate ends without a resume. The entrance holds up a source that has ended elsewhere, too. */
static bool is_let_through(const weir_stage *stage, const weir__pausing *gate) {
    return gate == &stage->pipeline->entry ? weir__is_ending(stage->pipeline) : weir__is_told_to_return(stage);
}

bool weir__pause_for_resume(weir__lane *lane, const weir__pausing *gate) {
    weir_stage *stage = lane->stage;
    weir__timing_block(lane, WEIR__FOR_RESUME);
    weir__lock_acquire(&stage->lock);
    while (!is_let_through(stage, gate) && weir__u32_load_acquire(&gate->paused) != 0)
        wait_locked(lane, WEIR_NEVER);
    weir__lock_release(&stage->lock);
    weir__timing_unblock(lane);
    return !weir__is_told_to_return(stage);
}

bool weir__pause_for_turn(weir__lane *lane, size_t turns) {
    const weir__pausing *gate = &lane->stage->gate;
    return weir__pause_at(lane, gate) && pause_for_rate(lane, turns) && weir__pause_at(lane, gate);
}

void weir__pause_wake(weir_stage *stage) {
    weir__lock_acquire(&stage->lock);
    weir__park_release_all(&stage->park, &stage->lock);
    weir__own_tell(stage);
}
