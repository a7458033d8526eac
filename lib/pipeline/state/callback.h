/*
 * callback.h - Begins and ends visits (visit.h), and the calls of the program's functions within them. Makes the calls
 * that have the same form wherever they stand: the weighing of an item, and its drop.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_STATE_CALLBACK_H
#define WEIR_PIPELINE_STATE_CALLBACK_H

#include "pipeline/state/stage.h"

/* One call of a function of the program, on any thread. */
typedef struct weir__callback {
    weir__visit *visit;
    weir__visit own; /* visit of a thread that was not inside the pipeline */
    uint64_t since;  /* record of the visit before the call; also `where` and `stage` */
    uint32_t where;
    void *stage;
    int cancellable; /* cancellation state before the call; of a visit of its own, the callout keeps it */
} weir__callback;

/*
 * Begin and end a visit of the calling thread. Visits nest. The second one also adds the visit to the pipeline's list
 * (V3).
 */
void weir__visit_enter(weir__visit *visit, weir_pipeline *pipeline);
void weir__visit_enter_listed(weir__visit *visit, weir_pipeline *pipeline);
void weir__visit_leave(weir__visit *visit);

/* Ends all visits within a worker's own, after a function has ended the worker's thread. */
void weir__visit_end_inner(weir__visit *own);

/* V2. Returns the calling thread's innermost visit of this pipeline. Returns NULL if the thread is not inside. */
weir__visit *weir__visit_find(const weir_pipeline *pipeline);

/*
 * Begin and end a call of a function of `stage`, or of the pipeline if `stage` is NULL. The call is no cancellation
 * point.
 */
void weir__callback_begin(weir__callback *call, weir_pipeline *pipeline, weir_stage *stage, weir_place where);
void weir__callback_end(weir__callback *call);

/* Returns the weight of an item that enters, by the pipeline's `weigh`. Returns 0 if `weigh` is NULL. */
uint64_t weir__weigh(weir_pipeline *pipeline, const void *item);

/* Passes an item of the stage to its drop function, if it has one. */
void weir__drop_item(weir_stage *stage, void *item);

/* Passes a result of a last stage to the drop function of its results queue. */
void weir__drop_left(weir_stage *from, void *result);

#endif /* WEIR_PIPELINE_STATE_CALLBACK_H */
