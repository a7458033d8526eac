/*
 * source.h - Runs sources: workers that repeatedly call a function, which emits items into the pipeline.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_CALL_SOURCE_H
#define WEIR_PIPELINE_CALL_SOURCE_H

#include "pipeline/state/stage.h"

/* Calls the source until the source has ended, or the pipeline ends. The function of the source's workers. */
void *weir__run_source(void *permit, void *lane);

/*
 * Calls the source up to `most` times, unless it ends. Returns the number of calls. On a crew, each `part` calls are a part
 * of the slice.
 */
size_t weir__source_run(weir__lane *lane, size_t most, size_t part);

/* Puts a permit for each worker of the source into its queue. */
void weir__source_start(weir_stage *stage);

#endif /* WEIR_PIPELINE_CALL_SOURCE_H */
