/*
 * ender.h - Lets one thread at a time end a pipeline, by the earliest of all callers' deadlines.
 *
 * D1  The ender is one thread at a time: a thread in finish or destroy, or the pipeline's signal thread. Only the ender
 *     drains. An ender in finish or destroy also joins the threads. Its drain and join together are called an end;
 *     `ends` counts the ends. Other threads in finish or destroy wait until the pipeline has no ender, or `ends` has
 *     changed.
 * D2  `due`, under the pipeline's lock, is the earliest deadline given to this ender or added to it by finish and
 *     destroy. `drain_due` is that of the signals: it bounds the drain, and not the wait for functions. A call with an
 *     earlier deadline stores the deadline, sets `hurried`, and wakes the ender. The ender may be draining, or waiting
 *     for functions. It reads the deadlines with the lock held before each wait. So it cancels only if a drain by the
 *     earliest deadline has timed out, or a second signal has arrived.
 * D3  A helper is the thread of show or of end_on (helper.h). While a helper is being started, no thread in finish or
 *     destroy becomes the ender. While the ender is in finish or destroy, no helper is started.
 * D9  `graced`, under the pipeline's lock, counts the functions in calls of the library that end something of their own
 *     after a cancel (waits/grace.h). While there are any, each look of the ender gives all functions their grace anew,
 *     for at most `allowance` after the cancel.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_RUN_ENDER_H
#define WEIR_PIPELINE_RUN_ENDER_H

#include "pipeline/state/pipeline.h"

/*
 * Becomes the ender, to end the pipeline by that deadline. Waits for the present ender. Returns false if the pipeline
 * has ended: `*status` is the outcome. Also returns false if the end of another thread is over, but threads are left:
 * `*status` is WEIR_BUSY. That end used this deadline, or an earlier one.
 */
bool weir__ender_become(weir_pipeline *pipeline, weir_deadline deadline, weir_status *status);

/*
 * Becomes the ender, to drain. If the pipeline has an ender already, adds the deadline to that ender and returns false.
 */
bool weir__ender_try(weir_pipeline *pipeline, weir_deadline deadline);

/* Stops being the ender after a drain. */
void weir__ender_stop(weir_pipeline *pipeline);

/* Stops being the ender after an end. Returns the outcome, or WEIR_BUSY if threads are left. */
weir_status weir__ender_stop_ended(weir_pipeline *pipeline);

/* Returns the earliest deadline of a drain so far. Clears `hurried`, unless the pipeline is cancelled. */
weir_deadline weir__ender_due(weir_pipeline *pipeline);

/* Drains by the earliest deadline. Returns as weir__drain. */
weir_status weir__ender_drain(weir_pipeline *pipeline);

#endif /* WEIR_PIPELINE_RUN_ENDER_H */
