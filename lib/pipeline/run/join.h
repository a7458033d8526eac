/*
 * join.h - Waits for the threads of a pipeline, up to a limit, and joins them.
 *
 * The limit is the earliest deadline (D2), but at least `grace` from the moment when that deadline was read. After a
 * cancel, the limit is `grace` alone, or later while calls of the library end something of their own (D9). All of
 * these may change during the wait; they are read with the lock held before each wait.
 *
 * The limit applies to functions of the program. If a thread is in no function at the limit, it is about to end or to
 * enter a function, and is waited for. So a wait that times out has a thread to name. Threads past all functions are
 * joined afterwards. A join waits for the destructors of the thread's thread-specific data.
 *
 * Only the ender, or the thread of a failed start, may call these functions. Any thread may call weir__is_late.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_RUN_JOIN_H
#define WEIR_PIPELINE_RUN_JOIN_H

#include "pipeline/state/pipeline.h"

/*
 * Waits for the threads of all stages, the timer thread and the dropper, and joins them. Returns false if a thread is
 * late: unless `report` is NULL, `*report` names the thread. If there is no memory for a report, returns false and
 * leaves `*report` alone.
 */
bool weir__join(weir_pipeline *pipeline, weir_report **report);

/* Joins the same threads without a limit, after a failed start. */
void weir__join_all(weir_pipeline *pipeline);

/* Joins the threads that end after the run: of the view, of the signals, and of the trace. Returns as weir__join. */
bool weir__join_helpers(weir_pipeline *pipeline, weir_report **report);

/*
 * Returns whether a thread is still late, after an end that timed out. If so, stores the report that names the thread,
 * unless there is no memory. Any thread may call this.
 */
bool weir__is_late(weir_pipeline *pipeline, weir_report **report);

#endif /* WEIR_PIPELINE_RUN_JOIN_H */
