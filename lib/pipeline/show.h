/*
 * show.h - Implements the live view: a thread that draws the progress of a pipeline.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_SHOW_H
#define WEIR_PIPELINE_SHOW_H

#include "pipeline/pipeline.h"

/* After the run is over: joins the thread, if there is one. Returns false if it has not ended by the deadline. */
bool weir__show_end(weir_pipeline *pipeline, uint64_t deadline);

#endif /* WEIR_PIPELINE_SHOW_H */
