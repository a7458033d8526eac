/*
 * trace.h - Implements the trace of all calls, as Chrome trace events: "Trace Event Format", the JSON array form.
 *
 * Events are written as they come, so a trace takes no memory. Each worker has a row: its number among all workers is
 * the thread id. Each event is written by one call of the stream, which keeps it in one piece. Cancellation is disabled
 * around each write: the first events are written on a thread of the program, and a worker's function may have enabled
 * it. The end is written on a thread of its own, since the stream may block.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_TRACE_H
#define WEIR_PIPELINE_TRACE_H

#include "pipeline/stage.h"

/* Each does nothing without a stream, but for weir__trace_call. */
void weir__trace_begin(weir_pipeline *pipeline);
void weir__trace_call(weir__lane *lane, uint64_t from, uint64_t to);
void weir__trace_end(weir_pipeline *pipeline);

/* As weir__trace_end, on a thread of its own; on the calling one, if there is no other. */
void weir__trace_end_aside(weir_pipeline *pipeline);

/* Joins that thread, if there is one. Returns false if it has not ended by the deadline. */
bool weir__trace_join_until(weir_pipeline *pipeline, uint64_t deadline);

#endif /* WEIR_PIPELINE_TRACE_H */
