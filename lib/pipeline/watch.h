/*
 * watch.h - Implements the end of a pipeline by signals.
 *
 * The signals are blocked in all threads: no handler is installed, and nothing of the program is replaced. One thread
 * waits for them, for all pipelines (dispatch.h), and counts them for each of them, under the pipeline's lock. A thread
 * of the pipeline does what they ask for, since draining and drop functions may take long: the first one finishes, the
 * second one cancels. A third one, and one that arrives after the run, is left to the process.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_WATCH_H
#define WEIR_PIPELINE_WATCH_H

#include "pipeline/pipeline.h"

/* After the run is over, before the thread is joined: no signal reaches the pipeline any more. */
void weir__watch_leave(weir_pipeline *pipeline);

/* After the run is over: joins the thread, if there is one. Returns false if it has not ended by the deadline. */
bool weir__watch_end(weir_pipeline *pipeline, uint64_t deadline);

#endif /* WEIR_PIPELINE_WATCH_H */
