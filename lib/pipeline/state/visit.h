/*
 * visit.h - Defines visits: a visit records that a thread is inside a pipeline, and in which function of the program.
 *
 * V1  A thread that calls a function of the program for a pipeline has a visit of that pipeline. A worker has its visit
 *     for its whole life, other threads only while they make such calls. A visit is a callout (sync/callout.h). A
 *     thread may be inside several pipelines, one within a call of another. A thread is not cancelled during a callout.
 * V2  A call that would wait for its own thread finds the pipeline in that thread's chain of callouts.
 * V3  A visit records the kind of function that its thread is in, and about when the thread entered the function. The
 *     thread writes the record, and reports read it. A worker's visit is in its lane. The visit of any other thread
 *     that an end waits for is in the pipeline's list, under the pipeline's lock. It is added before it records a
 *     function.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_STATE_VISIT_H
#define WEIR_PIPELINE_STATE_VISIT_H

#include <weir/pipeline.h>
#include <weir/report.h>

#include "sync/sync.h"

typedef struct weir__visit {
    weir__callout callout; /* first member (V1) */
    weir_pipeline *pipeline;
    struct weir__visit *next; /* next in the pipeline's list (V3) */
    struct weir__lane *lane;  /* worker's lane; NULL: the thread is not a worker */
    weir__u64 since;          /* about when the thread entered the function; 0: it is in none */
    weir__u32 where;          /* weir_place; valid while `since` is not 0 */
    bool listed;
    weir__ptr stage; /* stage of the function; NULL: none; read in listed visits only */
} weir__visit;

#endif /* WEIR_PIPELINE_STATE_VISIT_H */
