/*
 * outputs.c - Shuts down the output queues of a pipeline.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/outputs.h"

void weir__outputs_shut_down(weir_pipeline *pipeline) {
    for (weir_stage *stage = pipeline->first; stage != NULL; stage = stage->next) {
        if (stage->options.results != NULL)
            (void)weir_queue_shutdown(stage->options.results, WEIR_DRAIN);
        if (stage->options.dead != NULL)
            (void)weir_queue_shutdown(stage->options.dead, WEIR_DRAIN);
    }
}
