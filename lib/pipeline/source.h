/*
 * source.h - Implements sources: workers that call a function again and again, which emits items into the pipeline.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_SOURCE_H
#define WEIR_PIPELINE_SOURCE_H

#include "pipeline/stage.h"

/* The function of a source's group of workers: calls the source until it has ended, or the pipeline ends. */
void *weir__run_source(void *permit, void *lane);

/* Puts a permit for each worker of the source. */
void weir__source_start(weir_stage *stage);

/* Emits a result of the source: it enters the pipeline as a root, once it is admitted. */
void weir__source_emit(weir__lane *lane, void *result);

#endif /* WEIR_PIPELINE_SOURCE_H */
