/*
 * show.h - Draws the live view: the progress of a pipeline, on a thread of its own.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_OBSERVE_SHOW_H
#define WEIR_PIPELINE_OBSERVE_SHOW_H

#include "pipeline/state/pipeline.h"

/*
 * Joins that thread, if it was started. The run must be over. Returns false if the thread has not ended by the
 * deadline.
 */
bool weir__show_end(weir_pipeline *pipeline, uint64_t deadline);

#endif /* WEIR_PIPELINE_OBSERVE_SHOW_H */
