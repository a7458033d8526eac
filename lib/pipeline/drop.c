/*
 * drop.c - Calls the drop functions of stages.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/drop.h"

#include "closable_queue/drop.h"
#include "pipeline/callback.h"
#include "sync/border.h"

void weir__drop_item(weir_stage *stage, void *item) {
    weir__callback call;
    if (stage->options.input.drop == NULL)
        return;
    weir__callback_begin(&call, stage->pipeline, stage, WEIR_IN_DROP);
    stage->options.input.drop(item, stage->options.work.arg);
    weir__border();
    weir__callback_end(&call);
}

void weir__drop_left(weir_stage *from, void *result) {
    weir__callback call;
    weir__callback_begin(&call, from->pipeline, from, WEIR_IN_DROP);
    weir__queue_drop(from->options.output.results, result);
    weir__callback_end(&call);
}
