/*
 * timing.h - Accounts for the time of a lane at low overhead.
 *
 * Reading the clock twice costs as much as a quick call. So only some quick calls are timed. A timed call counts for
 * the untimed calls since the last timed one. The call after a slow call, and the call after a wait for an item, is
 * timed itself. Waits for an item (starved) and other waits (blocked) are always timed: they cost far more than reading
 * the clock. Busy is the remaining time.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_OBSERVE_TIMING_H
#define WEIR_PIPELINE_OBSERVE_TIMING_H

#include "pipeline/state/lane_clock.h"

/* Start and stop the timing of a call. */
void weir__timing_read(weir__lane *lane);
void weir__timing_take(weir__lane *lane);

/* Begins a call of the stage's function. */
static inline void weir__timing_begin(weir__lane *lane) {
    if (lane->untimed >= lane->may_skip || weir__u64_load_relaxed(&lane->waits->word) != lane->starved)
        weir__timing_read(lane);
    lane->inside = true;
    lane->fresh = false;
    weir__u64_store_relaxed(&lane->visit.since, lane->clock); /* in this call `where` is WEIR_IN_FUNCTION */
}

/* Ends a call of the stage's function. */
static inline void weir__timing_end(weir__lane *lane) {
    lane->inside = false;
    weir__u64_store_relaxed(&lane->visit.since, 0);
    if (lane->from != 0)
        weir__timing_take(lane);
    else
        lane->untimed++;
}

/* Returns the number of calls that may go untimed now. */
static inline size_t weir__timing_untimed(const weir__lane *lane) {
    bool timed = lane->untimed >= lane->may_skip || weir__u64_load_relaxed(&lane->waits->word) != lane->starved;
    return timed ? 0 : lane->may_skip - lane->untimed;
}

/* Begins one of several calls in a row, but for the first one. */
static inline void weir__timing_next_untimed(weir__lane *lane) {
    lane->fresh = false;
    weir__u64_store_relaxed(&lane->visit.since, lane->clock); /* which a wait in the call before may have read */
}

/* Begin and end that many calls, at most weir__timing_untimed, in a row. */
static inline void weir__timing_begin_untimed(weir__lane *lane) {
    lane->inside = true;
    weir__timing_next_untimed(lane);
}

static inline void weir__timing_end_untimed(weir__lane *lane, size_t calls) {
    lane->inside = false;
    weir__u64_store_relaxed(&lane->visit.since, 0);
    lane->untimed += (unsigned)calls;
}

/* Begin and end a wait other than for an item. */
void weir__timing_block(weir__lane *lane, weir__cause cause);
void weir__timing_unblock(weir__lane *lane);

/*
 * Told by the lane's visit of a wait in a call that the stage's function has made. A wait within another one is not
 * timed.
 */
void weir__timing_tell(weir__callout *visit, weir__wait_step step);

#endif /* WEIR_PIPELINE_OBSERVE_TIMING_H */
