/*
 * outputs.c - Lets a pipeline put to queues of the program.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/declare/outputs.h"

#include "closable_queue/feeders.h"

void weir__outputs_enter(const weir_stage *stage) {
    if (stage->options.output.results != NULL)
        weir__feeder_enter(stage->options.output.results);
    if (stage->options.errors.dead != NULL)
        weir__feeder_enter(stage->options.errors.dead);
}

void weir__outputs_leave(weir_pipeline *pipeline, bool ran) {
    if (weir__u32_exchange_acquire(&pipeline->outputs_left, 1) != 0)
        return;
    for (weir_stage *stage = pipeline->first; stage != NULL; stage = stage->next) {
        if (stage->options.output.results != NULL)
            weir__feeder_leave(stage->options.output.results, ran);
        if (stage->options.errors.dead != NULL)
            weir__feeder_leave(stage->options.errors.dead, ran);
    }
}
