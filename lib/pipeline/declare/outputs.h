/*
 * outputs.h - Lets a pipeline put to queues of the program: results and dead letters (Q18).
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_DECLARE_OUTPUTS_H
#define WEIR_PIPELINE_DECLARE_OUTPUTS_H

#include "pipeline/state/pipeline.h"

/* Called when the stage is declared. */
void weir__outputs_enter(const weir_stage *stage);

/*
 * Ends the puts of the pipeline: none of them waits for room from now on. A queue to which no other pipeline puts is
 * shut down, if a pipeline ran; its readers can still take the items in it. Only the first call has an effect.
 */
void weir__outputs_leave(weir_pipeline *pipeline, bool ran);

#endif /* WEIR_PIPELINE_DECLARE_OUTPUTS_H */
