/*
 * watch.h - Ends a pipeline by signals.
 *
 * The signals are blocked in all threads. No handler is installed, and no setting of the program is changed. One
 * thread, the dispatcher, waits for the signals of all pipelines (dispatch.h). For each pipeline it counts them, under
 * the pipeline's lock. A thread of the pipeline acts on the signals, because a drain and drop functions may take long.
 * The first signal finishes the run, the second cancels it. A third signal, and a signal after the run, are left to the
 * process.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_RUN_WATCH_H
#define WEIR_PIPELINE_RUN_WATCH_H

#include "pipeline/state/pipeline.h"

/* Stops the delivery of signals to the pipeline. The run must be over, and the thread not joined yet. */
void weir__watch_leave(weir_pipeline *pipeline);

/*
 * Joins the thread, if it was started. The run must be over. Returns false if the thread has not ended by the deadline.
 */
bool weir__watch_end(weir_pipeline *pipeline, uint64_t deadline);

#endif /* WEIR_PIPELINE_RUN_WATCH_H */
