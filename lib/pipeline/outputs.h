/*
 * outputs.h - Shuts down the output queues of a pipeline: results and dead letters.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_OUTPUTS_H
#define WEIR_PIPELINE_OUTPUTS_H

#include "pipeline/pipeline.h"

/* Shuts down all output queues. Their readers can still take the items in them. */
void weir__outputs_shut_down(weir_pipeline *pipeline);

#endif /* WEIR_PIPELINE_OUTPUTS_H */
