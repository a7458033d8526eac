/*
 * weigh.c - Weighs items that enter the pipeline.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/weigh.h"

#include "pipeline/callback.h"
#include "pipeline/pipeline.h"
#include "sync/border.h"

uint64_t weir__weigh(weir_pipeline *pipeline, const void *item) {
    const weir_pipeline_options *options = &pipeline->options;
    weir__callback call;
    if (options->weigh == NULL)
        return 0;
    weir__callback_begin(&call, pipeline, NULL, WEIR_IN_CALLBACK);
    uint64_t weight = options->weigh(item, options->weigh_arg);
    weir__border();
    weir__callback_end(&call);
    return weight;
}
