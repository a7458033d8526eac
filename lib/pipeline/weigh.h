/*
 * weigh.h - Weighs what enters the pipeline.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_WEIGH_H
#define WEIR_PIPELINE_WEIGH_H

#include <weir/pipeline.h>

/* Returns the item's weight by the pipeline's function; 0 if there is none. */
uint64_t weir__weigh(weir_pipeline *pipeline, const void *item);

#endif /* WEIR_PIPELINE_WEIGH_H */
