/*
 * outputs.h - Ends the queues that a pipeline puts to for the program: results and dead letters.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_OUTPUTS_H
#define WEIR_PIPELINE_OUTPUTS_H

#include "pipeline/pipeline.h"

/* Shuts them down, with what is in them left to their readers. */
void weir__outputs_shut_down(weir_pipeline *pipeline);

#endif /* WEIR_PIPELINE_OUTPUTS_H */
