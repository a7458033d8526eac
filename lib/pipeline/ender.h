/*
 * ender.h - Lets one thread at a time end a pipeline, by the earliest deadline of all that want its end.
 *
 * D1  One thread at a time is the ender: a thread in finish or destroy, or that of the signals. It alone drains. One in
 *     finish or destroy also joins the threads; the end that it makes is counted. The others wait until there is no
 *     ender, or such an end is made.
 * D2  `due` is the earliest deadline of all of them, under the pipeline's lock. A call that makes it earlier sets
 *     `hurried` with it and wakes the ender, in its drain and in its wait for functions. The ender reads `due` with the
 *     lock held, each time before it waits. So it cancels only when a drain by the earliest deadline has timed out.
 * D3  No thread in finish or destroy becomes the ender while a helper is being started, and none is started then.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_ENDER_H
#define WEIR_PIPELINE_ENDER_H

#include "pipeline/pipeline.h"

/*
 * Becomes the ender, to end the pipeline by that deadline. Returns false if it has ended, or if another thread has made
 * an end in between, by the same deadline or an earlier one: `*status` is the outcome, or WEIR_BUSY.
 */
bool weir__ender_become(weir_pipeline *pipeline, weir_deadline deadline, weir_status *status);

/* Becomes the ender, to drain, if there is none. Otherwise the present one keeps the deadline too; returns false. */
bool weir__ender_try(weir_pipeline *pipeline, weir_deadline deadline);

/* Stops being the ender, after a drain. */
void weir__ender_stop(weir_pipeline *pipeline);

/* Stops being the ender, after an end. Returns the outcome, or WEIR_BUSY if threads are left. */
weir_status weir__ender_stop_ended(weir_pipeline *pipeline);

/* Returns the earliest deadline so far, and resets `hurried`, which an earlier one or a cancel sets. */
weir_deadline weir__ender_due(weir_pipeline *pipeline);

/* Drains by the earliest deadline, as weir__drain. */
weir_status weir__ender_drain(weir_pipeline *pipeline);

#endif /* WEIR_PIPELINE_ENDER_H */
