/*
 * visit.h - which threads are inside a pipeline, and in which function of the user's.
 *
 * V1  A thread that calls a function of the user's for a pipeline has a visit of that pipeline: a worker one for its
 *     whole life, any other thread one for as long as it makes such calls. A visit is a callout (sync/callout.h): a
 *     thread may be inside several pipelines, one within the call of another, and is not cancelled there.
 * V2  A call that would wait for the thread that makes it finds that pipeline in the chain, whichever thread it is.
 * V3  A visit says where its thread is: in which kind of function, and since about when. Its thread writes it; reports
 *     read it. Those of workers are found by their tasks. Others that an end waits for lie in the pipeline's list, under
 *     its lock, before they say anything.
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
    weir_task *task; /* a worker's, for the time of functions that are quicker than a clock; else NULL */
    weir__u64 since; /* 0: in none */
    weir__u32 where; /* a weir_place; as it is while `since` is not 0 */
    weir__ptr stage; /* of no worker: the stage of that function; NULL: none */
} weir__visit;

/* A call of a function of the user's, in whichever thread. */
typedef struct weir__callback {
    weir__visit *visit;
    weir__visit own; /* for a thread that is not inside yet */
    uint64_t since;  /* where it was before */
    uint32_t where;
    void *stage;
} weir__callback;

/* Begins and ends a visit of the calling thread. One that begins while others last ends before them. */
void weir__visit_enter(weir__visit *visit, weir_pipeline *pipeline);
void weir__visit_enter_listed(weir__visit *visit, weir_pipeline *pipeline);
void weir__visit_leave(weir__visit *visit);

/* The function that a worker was in has ended its thread, and with it all visits within the worker's own. */
void weir__visit_end_inner(weir__visit *own);

/* V2. The calling thread's innermost visit of this pipeline; NULL: there is none. */
weir__visit *weir__visit_find(const weir_pipeline *pipeline);

/* Around a call. `stage` is whose function it is; NULL: the pipeline's. */
void weir__callback_begin(weir__callback *call, weir_pipeline *pipeline, weir_stage *stage, weir_place where);
void weir__callback_end(weir__callback *call);

#endif /* WEIR_PIPELINE_VISIT_H */
