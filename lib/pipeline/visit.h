/*
 * visit.h - Tells which threads are inside a pipeline, and in which function of the program.
 *
 * V1  A thread that calls a function of the program for a pipeline has a visit of that pipeline: a worker for its whole
 *     life, any other thread for as long as it makes such calls. A visit is a callout (sync/callout.h): a thread may be
 *     inside several pipelines, one within a call of another, and is not cancelled there.
 * V2  A call that would wait for its own thread finds that pipeline in the thread's chain of callouts.
 * V3  A visit says where its thread is: in which kind of function, and since about when. Its thread writes that; reports
 *     read it. A worker's visit is found in its lane. A visit of another thread that an end waits for is in the
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
    weir__u64 since; /* 0: in none */
    weir__u32 where; /* a weir_place; as it is while `since` is not 0 */
    weir__ptr stage; /* of no worker: the stage of that function; NULL: none */
} weir__visit;

/* A call of a function of the program, on any thread. */
typedef struct weir__callback {
    weir__visit *visit;
    weir__visit own; /* for a thread that was not inside */
    uint64_t since;  /* where it was before */
    uint32_t where;
    void *stage;
} weir__callback;

/* Begin and end a visit of the calling thread. Visits nest. `listed`: V3. */
void weir__visit_enter(weir__visit *visit, weir_pipeline *pipeline);
void weir__visit_enter_listed(weir__visit *visit, weir_pipeline *pipeline);
void weir__visit_leave(weir__visit *visit);

/* Ends all visits within a worker's own: its function has ended the thread. */
void weir__visit_end_inner(weir__visit *own);

/* V2. Returns the calling thread's innermost visit of this pipeline, or NULL. */
weir__visit *weir__visit_find(const weir_pipeline *pipeline);

/* Begin and end a call. `stage` is the one whose function it is; NULL: the pipeline's own. */
void weir__callback_begin(weir__callback *call, weir_pipeline *pipeline, weir_stage *stage, weir_place where);
void weir__callback_end(weir__callback *call);

#endif /* WEIR_PIPELINE_VISIT_H */
