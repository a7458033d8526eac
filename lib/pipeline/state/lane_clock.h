/*
 * lane_clock.h - Reads the clock of a lane, at a low rate.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_STATE_LANE_CLOCK_H
#define WEIR_PIPELINE_STATE_LANE_CLOCK_H

#include "pipeline/state/stage.h"

/* Reads the clock. Only the lane's own thread may call this. */
static inline uint64_t weir__lane_read_clock(weir__lane *lane) {
    lane->fresh = lane->worker == NULL;
    return lane->clock = weir__clock_now();
}

/* Returns the last reading if it was made on a crew, and no call has begun since. Otherwise reads the clock. */
static inline uint64_t weir__lane_now(weir__lane *lane) {
    return lane->fresh ? lane->clock : weir__lane_read_clock(lane);
}

/* Returns a recent reading of the clock, made after the worker's last sleep. */
static inline uint64_t weir__lane_recent(weir__lane *lane) {
    uint64_t slept = weir__u64_load_relaxed(&lane->waits->word);
    if (slept != lane->starved && slept != lane->slept) {
        lane->slept = slept;
        (void)weir__lane_read_clock(lane);
    }
    return lane->clock;
}

#endif /* WEIR_PIPELINE_STATE_LANE_CLOCK_H */
