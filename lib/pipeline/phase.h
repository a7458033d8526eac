/*
 * phase.h - Where a pipeline is in its life.
 *
 *   state               entered by                        what holds
 *   WEIR_RUN_READY      create, a start that fails        stages may be added; nothing runs
 *   WEIR_RUN_RUNNING    start                             items are put, sources are called
 *   WEIR_RUN_DRAINING   finish, a signal                  puts are refused, sources return, stages drain in order
 *   WEIR_RUN_CANCELLED  cancel, a fatal error, a deadline all that waits is dropped, every wait ends
 *   WEIR_RUN_OVER       the thread that ends it           no thread of a stage is left
 *
 * R1  The state changes here alone, under the pipeline's lock, and only downwards in this table; a start that fails
 *     goes back to the first line.
 * R2  What others read without the lock is set with the state: `ending` from the third line on, `cancelled` from the
 *     fourth on, and the two descriptors.
 * R3  The first cancel decides the outcome.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_PHASE_H
#define WEIR_PIPELINE_PHASE_H

#include "pipeline/pipeline.h"

/* Whether the pipeline was started, and that has not failed. */
bool weir__has_started(weir_pipeline *pipeline);

/* Whether the run is over. */
bool weir__is_over(weir_pipeline *pipeline);

/* V2. Whether the calling thread is inside a function that is called for the pipeline. */
bool weir__is_inside(const weir_pipeline *pipeline);

/* READY to RUNNING. */
void weir__phase_run(weir_pipeline *pipeline);

/* The start has succeeded. */
void weir__phase_launched(weir_pipeline *pipeline);

/* The start has failed, and its threads have ended: back to READY. */
void weir__phase_undo(weir_pipeline *pipeline);

/* RUNNING to DRAINING; notes whether the sources have ended by themselves. */
void weir__phase_drain(weir_pipeline *pipeline);

/* RUNNING or DRAINING to CANCELLED. Returns false if another call was first (R3). */
bool weir__phase_cancel(weir_pipeline *pipeline, weir_status outcome);

/* To OVER. A run that timed out and lost nothing was in time. */
void weir__phase_over(weir_pipeline *pipeline);

/* Sets what the run has come to so far. */
void weir__phase_set_outcome(weir_pipeline *pipeline, weir_status outcome);

#endif /* WEIR_PIPELINE_PHASE_H */
