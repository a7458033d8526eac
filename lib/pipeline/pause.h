/*
 * pause.h - Blocks a worker until a time, a resume, or until its function must return.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_PAUSE_H
#define WEIR_PIPELINE_PAUSE_H

#include "pipeline/pipeline.h"

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

/* Takes `turns` turns of the stage's rate, and blocks until the rate allows them. Returns as weir__pause_until. */
bool weir__pause_for_rate(weir__lane *lane, size_t turns);

/* Blocks while the gate, the stage's or the entrance's, is paused (U2). Returns as weir__pause_until. */
bool weir__pause_for_resume(weir__lane *lane, const weir__pausing *gate);

/* The same, quick if it is not paused. */
static inline bool weir__pause_at(weir__lane *lane, const weir__pausing *gate) {
    if (weir__u32_load_relaxed(&gate->paused) != 0)
        return weir__pause_for_resume(lane, gate);
    return !weir__is_told_to_return(lane->stage);
}

/*
 * Blocks until the stage may begin a call, or a batch of `turns` items: not paused, and allowed by its rate. Returns as
 * weir__pause_until.
 */
bool weir__pause_for_call(weir__lane *lane, size_t turns);

/* Wakes the workers that pause, so that they check again whether they must return. */
void weir__pause_wake(weir_stage *stage);

#endif /* WEIR_PIPELINE_PAUSE_H */
