/*
 * cancel.h - Cancels runs.
 *
 * A cancel has two parts. The first part ends every wait (S4), and takes a few locks only. The second part drops all
 * waiting items, and takes as long as the drop functions. The run is not over before the second part has ended.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_OUTCOME_CANCEL_H
#define WEIR_PIPELINE_OUTCOME_CANCEL_H

#include "pipeline/state/pipeline.h"

/* Performs both parts on the calling thread. Does nothing if the run is cancelled or over. */
void weir__cancel_as(weir_pipeline *pipeline, weir_status outcome);

/*
 * Performs the first part. Returns true if the caller must perform the second part. Returns false if the run is
 * cancelled or over.
 */
bool weir__cancel_begin(weir_pipeline *pipeline, weir_status outcome);

/* Performs the second part on the calling thread. */
void weir__cancel_drop(weir_pipeline *pipeline);

/*
 * Performs the second part on a thread of its own, for a caller with a deadline. Uses the calling thread if there are
 * no items, or no thread can be created.
 */
void weir__cancel_drop_aside(weir_pipeline *pipeline);

/* Joins that thread, if it was started. Returns false if it has not ended by the deadline. */
bool weir__dropper_join_until(weir_pipeline *pipeline, uint64_t deadline);

#endif /* WEIR_PIPELINE_OUTCOME_CANCEL_H */
