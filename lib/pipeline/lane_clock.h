/*
 * lane_clock.h - The clock of a lane, read less often than time passes.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_LANE_CLOCK_H
#define WEIR_PIPELINE_LANE_CLOCK_H

#include "pipeline/stage.h"

/* Reads the clock, on the lane's own thread. */
static inline uint64_t weir__lane_read_clock(weir__lane *lane) {
    return lane->clock = weir__clock_now();
}

/* Returns the clock as it was after the worker last slept. */
static inline uint64_t weir__lane_recent(weir__lane *lane) {
    uint64_t slept = weir__u64_load_relaxed(&lane->worker->starved.word);
    if (slept != lane->starved && slept != lane->slept) {
        lane->slept = slept;
        (void)weir__lane_read_clock(lane);
    }
    return lane->clock;
}

#endif /* WEIR_PIPELINE_LANE_CLOCK_H */
