/*
 * cancel.h - Implements cancellation.
 *
 * A cancel has two parts. The first ends every wait, and takes no longer than a few locks. The second drops what waits,
 * and takes as long as the drop functions do. The pipeline is not over before the second part has ended.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_CANCEL_H
#define WEIR_PIPELINE_CANCEL_H

#include "pipeline/pipeline.h"

/* Cancels, unless the run is cancelled or over: both parts, on the calling thread. */
void weir__cancel_as(weir_pipeline *pipeline, weir_status outcome);

/* The first part. Returns whether the caller must call the second one. */
bool weir__cancel_begin(weir_pipeline *pipeline, weir_status outcome);

/* The second part. */
void weir__cancel_drop(weir_pipeline *pipeline);

/* The second part on a thread of its own, for a caller with a deadline; on the calling one, if there is no other. */
void weir__cancel_drop_aside(weir_pipeline *pipeline);

/* Joins that thread, if there is one. Returns false if it has not ended by the deadline. */
bool weir__dropper_join_until(weir_pipeline *pipeline, uint64_t deadline);

#endif /* WEIR_PIPELINE_CANCEL_H */
