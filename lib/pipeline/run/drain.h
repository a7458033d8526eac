/*
 * drain.h - Drains a pipeline: completes all items in flight, stage by stage.
 *
 * New items are refused. The stages are drained one after the other, in topological order. A stage is drained when a
 * join of its queue returns: then all its items are retired (S1), so no more items enter the next stage. A drained
 * stage is shut down, and its threads end. A stage with at_end may emit until its threads have ended: only then is the
 * next stage joined.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_RUN_DRAIN_H
#define WEIR_PIPELINE_RUN_DRAIN_H

#include "pipeline/state/pipeline.h"

/* Begins the end: refuses puts, and tells sources to return. */
void weir__drain_begin(weir_pipeline *pipeline);

/*
 * Blocks until all items in flight are completed, and returns WEIR_OK. Returns WEIR_TIMEDOUT after the deadline, or
 * once `hurried` is set. Returns WEIR_CANCELLED after a cancel. Only the ender may call this (D1 in ender.h).
 */
weir_status weir__drain(weir_pipeline *pipeline, weir_deadline deadline);

/* Wakes the thread in weir__drain, so that it reads `hurried`. */
void weir__drain_interrupt(weir_pipeline *pipeline);

#endif /* WEIR_PIPELINE_RUN_DRAIN_H */
