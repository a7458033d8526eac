/*
 * visit.h - Defines visits: a visit records that a thread is inside a pipeline, and in which function of the program.
 *
 * V1  A thread that calls a function of the program for a pipeline has a visit of that pipeline. A worker has it for
 *     its whole life, other threads only while they make such calls. A visit is a callout (sync/callout.h). A thread
 *     may be inside several pipelines, one within a call of another. It is not cancelled there.
 * V2  If a call would wait for its own thread, it finds the pipeline in the thread's chain of callouts.
 * V3  A visit records the kind of function that its thread is in, and about when the thread entered that function. The
 *     thread writes the record, and reports read it. A worker's visit is in its lane. An end may wait for a thread that
 *     is not a worker: that thread's visit is in the pipeline's list, under the pipeline's lock, before it records a
 *     function.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_VISIT_H
#define WEIR_PIPELINE_VISIT_H

#include <weir/pipeline.h>
#include <weir/report.h>

#include "sync/sync.h"

typedef struct weir__visit {
    weir__callout callout; /* first member (V1) */
    weir_pipeline *pipeline;
    struct weir__visit *next; /* next in the pipeline's list (V3) */
    bool listed;
    struct weir__lane *lane; /* worker's lane; NULL: the thread is not a worker */
    weir__u64 since;         /* about when the thread entered the function; 0: it is in none */
    weir__u32 where;         /* weir_place; valid while `since` is not 0 */
    weir__ptr stage;         /* stage of the function; NULL: none; not set in a worker's own calls */
} weir__visit;

#endif /* WEIR_PIPELINE_VISIT_H */
