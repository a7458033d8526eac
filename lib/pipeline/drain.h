/*
 * drain.h - Implements the drain: everything in flight is completed, stage by stage.
 *
 * Nothing enters any more, so the first stage's queue is joined once all of it has gone through; then nothing comes to
 * the second one, and so on, in the order of the graph (S1). A drained stage is shut down, and its threads end.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_DRAIN_H
#define WEIR_PIPELINE_DRAIN_H

#include "pipeline/pipeline.h"

/* Begins the end: puts are refused, and sources return. */
void weir__drain_begin(weir_pipeline *pipeline);

/*
 * Blocks until everything in flight is completed: WEIR_OK. WEIR_TIMEDOUT after the deadline, or once `hurried` is set.
 * WEIR_CANCELLED after a cancel. One thread at a time calls it (D1 in ender.h).
 */
weir_status weir__drain(weir_pipeline *pipeline, weir_deadline deadline);

/* Wakes the thread that drains, so that it looks at `hurried`. */
void weir__drain_interrupt(weir_pipeline *pipeline);

#endif /* WEIR_PIPELINE_DRAIN_H */
