/*
 * join.h - Waits for the threads of a pipeline, with a limit.
 *
 * The limit is the earliest deadline (D2), and `grace` in any case; after a cancel it is `grace` alone. Both may come
 * during the wait, and are read with the lock held before each wait. The limit is for functions of the program: a
 * thread that is in none of them at the limit is about to end, or to enter one, and is waited for. So a wait that ends
 * without it has a thread to name. Threads past all functions are joined then, which waits for the destructors of their
 * thread-specific data.
 *
 * Only the ender calls these, or the thread of a start that has failed; but for weir__is_late.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_JOIN_H
#define WEIR_PIPELINE_JOIN_H

#include "pipeline/pipeline.h"

/*
 * Waits for the threads of all stages, and joins them. Returns false if a function has not returned in time: `*report`,
 * unless it is NULL, names it, or is left alone if there is no memory.
 */
bool weir__join(weir_pipeline *pipeline, weir_report **report);

/* The same without a limit, after a start that has failed. */
void weir__join_all(weir_pipeline *pipeline);

/* The same for the threads that end after the run: of the view, of the signals, of the trace. */
bool weir__join_helpers(weir_pipeline *pipeline, weir_report **report);

/* After an end that was not over, on any thread: whether something is still late, and the report that names it. */
bool weir__is_late(weir_pipeline *pipeline, weir_report **report);

#endif /* WEIR_PIPELINE_JOIN_H */
