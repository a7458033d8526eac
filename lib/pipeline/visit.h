/*
 * visit.h - A thread inside a pipeline, and in which function of the program it is.
 *
 * V1  A thread that calls a function of the program for a pipeline has a visit of that pipeline: a worker for its whole
 *     life, any other thread for as long as it makes such calls. A visit is a callout (sync/callout.h): a thread may be
 *     inside several pipelines, one within a call of another, and is not cancelled there.
 * V2  A call that would wait for its own thread finds that pipeline in the thread's chain of callouts.
 * V3  A visit says where its thread is: in which kind of function, and since about when. Its thread writes that;
 *     reports read it. A worker's visit is found in its lane. A visit of another thread that an end waits for is in the
 *     pipeline's list, under its lock, before it says anything.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_VISIT_H
#define WEIR_PIPELINE_VISIT_H

#include <weir/pipeline.h>
#include <weir/report.h>

#include "sync/sync.h"

typedef struct weir__visit {
    weir__callout callout; /* V1: first */
    weir_pipeline *pipeline;
    struct weir__visit *next; /* V3: in the pipeline's list */
    bool listed;
    struct weir__lane *lane; /* a worker's, for its clock; else NULL */
    weir__u64 since;         /* 0: in none */
    weir__u32 where;         /* a weir_place; as it is while `since` is not 0 */
    weir__ptr stage;         /* of no worker: the stage of that function; NULL: none */
} weir__visit;

#endif /* WEIR_PIPELINE_VISIT_H */
