/*
 * weigh.h - Weighs items that enter the pipeline.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_WEIGH_H
#define WEIR_PIPELINE_WEIGH_H

#include <weir/pipeline.h>

/* Returns the weight of the item by the pipeline's `weigh`. Returns 0 if `weigh` is NULL. */
uint64_t weir__weigh(weir_pipeline *pipeline, const void *item);

#endif /* WEIR_PIPELINE_WEIGH_H */
