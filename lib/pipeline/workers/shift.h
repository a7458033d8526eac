/*
 * shift.h - Claims and releases the lanes of a stage on a crew.
 *
 * N1  `calls` counts the claimed lanes. A visit that finds all claimed sets MISSED. The release of a lane clears MISSED,
 *     in the same step in which it counts down, and the releasing thread then makes the job ready again. So no visit is
 *     forgotten.
 * N2  Once the stage must end, and no lane is claimed, one release sets ENDED, in the step in which it counts down. It
 *     then counts the stage out of the pipeline's running workers. No lane is claimed afterwards. A source settles its
 *     one permit in the same way, once it is told to return (DRY). A rescue by the monitor is counted like a lane: it
 *     reads the results queue, which the program may destroy after the run. A release that is not the last, and finds
 *     that the stage must end, leaves MISSED set: so the last one, which may have looked before, looks again.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_WORKERS_SHIFT_H
#define WEIR_PIPELINE_WORKERS_SHIFT_H

#include "pipeline/state/stage.h"

/* Whether the stage begins no further call, because it is drained or the run is cancelled. */
bool weir__shift_is_over(const weir_stage *stage);

/* Whether its lanes must take no further item, because it is over, and has no returned items, which they drop (O9). */
bool weir__shift_must_end(const weir_stage *stage);

/* Claims a lane for a visit. Returns NULL if all are claimed (N1), or the stage has ended. `hand` may be NULL. */
weir__lane *weir__shift_claim(weir_stage *stage, weir__hand *hand);

/* Claims a lane if one is free. Otherwise returns NULL, and does not count as a visit. */
weir__lane *weir__shift_try_claim(weir_stage *stage, weir__hand *hand);

/* Begin and end the work of a claimed lane on the calling thread. */
void weir__shift_enter(weir__lane *lane, weir__hand *hand);
void weir__shift_leave(weir__lane *lane);

/* Releases a lane. Returns whether a visit has missed it: the caller must make the job ready. */
bool weir__shift_release(weir__lane *lane);

/* N2. Count a rescue, which returns false if the stage has ended, and count it or a lane down, with the result as above. */
bool weir__shift_count_rescue(weir_stage *stage);
bool weir__shift_count_down(weir_stage *stage);

static inline bool weir__shift_has_free_lane(const weir_stage *stage) {
    return (weir__u32_load_relaxed(&stage->shift.calls) & WEIR__CALLS) < stage->options.threads.count;
}

/* Returns the lane that the hand works on; NULL if it has none. The monitor asks once: a load might be out of date. */
weir__lane *weir__shift_lane_of(weir_stage *stage, weir__hand *hand);

#endif /* WEIR_PIPELINE_WORKERS_SHIFT_H */
