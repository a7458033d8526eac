/*
 * stall.h - Watches the thread of a stage that waits itself: names the call that holds it for too long (errors.stall_time).
 *
 * The thread beats at the begin of each call and at both ends of each wait. The alarm of the stage looks at it four times
 * in stall_time, on the timer thread. Between two beats it adds up the time for which the thread has held the loop up: it
 * has run, by its own clock, or was asleep when looked at. A thread that waits for a processor holds nothing up: the
 * machine is busy. Nor does one that polls in its wait, unless its bell has rung, nor one before its first beat or in its
 * fini: no operation is open then.
 *
 * Y4  What counts lies between two looks at one call: the beat is the same at the last look, before this look, and after
 *     it. The timer thread may itself wait for a processor within a look.
 * Y5  A look reads what the thread does under a lock that the thread takes before it ends.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_OBSERVE_STALL_H
#define WEIR_PIPELINE_OBSERVE_STALL_H

#include "pipeline/state/pipeline.h"

/* Prepares the watch, at the start, and begins it, in the thread of the stage: it sees nothing before the first beat. */
void weir__stall_prepare(weir_stage *stage);
void weir__stall_begin(weir__lane *lane);

/* Y5. Ends the watch, in the thread of the stage, before its fini. No look at the thread is under way after that. */
void weir__stall_end(weir__lane *lane);

/* A beat: what follows is another call. The thread's own. */
static inline void weir__stall_beat(weir__lane *lane) {
    weir__u32 *beat = &lane->stage->stalls.beat;
    weir__u32_store_release(beat, weir__u32_load_relaxed(beat) + 1);
}

/* Sets the figures of a report. */
void weir__stall_report(const weir_stage *stage, weir_stage_report *report);

#endif /* WEIR_PIPELINE_OBSERVE_STALL_H */
