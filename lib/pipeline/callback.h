/*
 * callback.h - Calls functions of the program: begins and ends visits (visit.h).
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_CALLBACK_H
#define WEIR_PIPELINE_CALLBACK_H

#include "pipeline/stage.h"

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

/* Begin and end a call of a function of `stage`; NULL: of the pipeline. */
void weir__callback_begin(weir__callback *call, weir_pipeline *pipeline, weir_stage *stage, weir_place where);
void weir__callback_end(weir__callback *call);

#endif /* WEIR_PIPELINE_CALLBACK_H */
