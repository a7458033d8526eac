/*
 * phase.h - Changes the state of a run.
 *
 *   state               entered by                        what holds
 *   WEIR_RUN_READY      create, a start that fails        stages may be added; nothing runs
 *   WEIR_RUN_RUNNING    start                             items are put, sources are called
 *   WEIR_RUN_DRAINING   finish, a signal                  puts are refused, sources return, stages drain in order
 *   WEIR_RUN_CANCELLED  cancel, a fatal error, a deadline waiting items are dropped, every wait ends
 *   WEIR_RUN_OVER       the thread that ends it           no thread of a stage is left
 *
 * R1  The state changes only here, under the pipeline's lock, and only downwards in this table. The exception is a
 *     start that fails: the state becomes WEIR_RUN_READY again.
 * R2  Flags and events that are read without the lock are set together with the state: `ending` from WEIR_RUN_DRAINING
 *     on, `cancelled` from WEIR_RUN_CANCELLED on, with the event of each.
 * R3  The first cancel decides the outcome.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_STATE_PHASE_H
#define WEIR_PIPELINE_STATE_PHASE_H

#include "pipeline/state/pipeline.h"

/* Whether the pipeline was started. False after a failed start. */
bool weir__has_started(weir_pipeline *pipeline);

/* Whether the run is over. */
bool weir__is_over(weir_pipeline *pipeline);

/* V2. Whether the calling thread is inside a function called for the pipeline. */
bool weir__is_inside(const weir_pipeline *pipeline);

/* Changes READY to RUNNING. */
void weir__phase_run(weir_pipeline *pipeline);

/* Records that the start has succeeded. */
void weir__phase_launched(weir_pipeline *pipeline);

/* Changes the state back to READY, after a failed start has joined its threads. */
void weir__phase_undo(weir_pipeline *pipeline);

/* Changes RUNNING to DRAINING. Records whether the sources have ended by themselves. */
void weir__phase_drain(weir_pipeline *pipeline);

/* Changes RUNNING or DRAINING to CANCELLED. Returns false if the run is in another state (R3). */
bool weir__phase_cancel(weir_pipeline *pipeline, weir_status outcome);

/*
 * Changes the state to OVER. If the run timed out but dropped nothing, cut no call of at_end short and had no fatal
 * error, sets the outcome to WEIR_OK.
 */
void weir__phase_over(weir_pipeline *pipeline);

/* Sets the outcome of the run so far. */
void weir__phase_set_outcome(weir_pipeline *pipeline, weir_status outcome);

/* Count a worker of the stage, or the stage on a crew, as running and as ended. */
void weir__phase_count_in(weir_stage *stage);
void weir__phase_count_out(weir_stage *stage);

/*
 * Blocks until no worker of the stage runs. Returns WEIR_OK; WEIR_TIMEDOUT after the deadline, or once `hurried` is
 * set.
 */
weir_status weir__phase_await_stage(weir_stage *stage, weir_deadline deadline);

#endif /* WEIR_PIPELINE_STATE_PHASE_H */
