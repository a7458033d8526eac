/*
 * pause.h - Blocks a worker until a time, a resume, or until its function must return.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_WAITS_PAUSE_H
#define WEIR_PIPELINE_WAITS_PAUSE_H

#include "pipeline/state/pipeline.h"

/*
 * Whether functions of the stage must return. After a cancel, all functions must. Functions of a source also must
 * return once the run is ending or the source has ended.
 */
static inline bool weir__is_told_to_return(const weir_stage *stage) {
    if (!weir__stage_is_source(stage))
        return weir__is_cancelled(stage->pipeline);
    return weir__is_ending(stage->pipeline) || weir__u32_load_acquire(&stage->ended) != 0;
}

/* Blocks until that time. Returns false as soon as functions of the stage must return. */
bool weir__pause_until(weir__lane *lane, uint64_t time, weir__cause cause);

/* Blocks while the gate, the stage's or the entrance's, is paused (U2). Returns as weir__pause_until. */
bool weir__pause_for_resume(weir__lane *lane, const weir__pausing *gate);

/* The same, quick if it is not paused. */
static inline bool weir__pause_at(weir__lane *lane, const weir__pausing *gate) {
    if (weir__u32_load_relaxed(&gate->paused) != 0)
        return weir__pause_for_resume(lane, gate);
    return !weir__is_told_to_return(lane->stage);
}

/* Whether a call may have to wait until the stage begins it. */
static inline bool weir__is_held_up(const weir_stage *stage) {
    return weir__stage_is_paused(stage) || weir__rate_limits(&stage->rate);
}

/*
 * Blocks until a stage may begin a call, or a batch of `turns` items: not paused, and allowed by its rate, if it has one
 * then. Returns as weir__pause_until.
 */
bool weir__pause_for_turn(weir__lane *lane, size_t turns);

/* The same, quick if nothing holds it up. */
static inline bool weir__pause_for_call(weir__lane *lane, size_t turns) {
    weir_stage *stage = lane->stage;
    return weir__is_held_up(stage) ? weir__pause_for_turn(lane, turns) : !weir__is_told_to_return(stage);
}

/* Wakes the workers that pause, so that they check again what they wait for, and whether they must return. */
void weir__pause_wake(weir_stage *stage);

#endif /* WEIR_PIPELINE_WAITS_PAUSE_H */
