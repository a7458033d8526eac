/*
 * timing.h - Accounts for the time of a lane at low overhead.
 *
 * Reading the clock twice costs as much as a quick call. So of quick calls only some are timed, and each of them counts
 * for those since the last one. A call after a slow one, or after a wait, is timed itself. Sleeping and blocking are
 * always timed: they cost far more than the clock. Busy is the rest.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_TIMING_H
#define WEIR_PIPELINE_TIMING_H

#include "pipeline/lane_clock.h"

/* Read the clock before a call, and after it. */
void weir__timing_read(weir__lane *lane);
void weir__timing_take(weir__lane *lane);

/* Begins a call of the stage's function. */
static inline void weir__timing_begin(weir__lane *lane) {
    if (lane->untimed >= lane->may_skip || weir__u64_load_relaxed(&lane->worker->starved.word) != lane->starved)
        weir__timing_read(lane);
    lane->inside = true;
    weir__u64_store_relaxed(&lane->visit.since, lane->clock); /* between other calls `where` is the function */
}

/* Ends it. */
static inline void weir__timing_end(weir__lane *lane) {
    lane->inside = false;
    weir__u64_store_relaxed(&lane->visit.since, 0);
    if (lane->from != 0)
        weir__timing_take(lane);
    else
        lane->untimed++;
}

/* Begins and ends a wait for something other than an item. */
void weir__timing_block(weir__lane *lane);
void weir__timing_unblock(weir__lane *lane);

#endif /* WEIR_PIPELINE_TIMING_H */
