/*
 * trace.h - Writes the trace of all calls, as Chrome trace events: "Trace Event Format", the JSON array form.
 *
 * Each event is written as its call ends, so a trace needs no memory. Each worker has a row: its number among all
 * workers is the thread id. One call of the stream writes a whole event, which keeps the event in one piece.
 * Cancellation of threads is disabled around each write: a thread of the program writes the first events, and a
 * worker's function may have enabled cancellation. A thread of its own writes the end, because the stream may block.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_OBSERVE_TRACE_H
#define WEIR_PIPELINE_OBSERVE_TRACE_H

#include "pipeline/state/stage.h"

/*
 * Write the first events, a call from `from` to `to`, and the end. The first and the last do nothing if there is no
 * stream. The second must have one.
 */
void weir__trace_begin(weir_pipeline *pipeline);
void weir__trace_call(weir__lane *lane, uint64_t from, uint64_t to);
void weir__trace_end(weir_pipeline *pipeline);

/* Writes the end on a thread of its own. Uses the calling thread if no thread can be created. */
void weir__trace_end_aside(weir_pipeline *pipeline);

/* Joins that thread, if it was started. Returns false if it has not ended by the deadline. */
bool weir__trace_join_until(weir_pipeline *pipeline, uint64_t deadline);

#endif /* WEIR_PIPELINE_OBSERVE_TRACE_H */
