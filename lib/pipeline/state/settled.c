/*
 * settled.c - Tells the program what became of submitted items.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/state/settled.h"

#include "pipeline/state/callback.h"
#include "pipeline/state/pipeline.h"
#include "sync/border.h"

_Static_assert((int)WEIR__DONE == (int)WEIR_ITEM_DONE && (int)WEIR__DROPPED == (int)WEIR_ITEM_DROPPED &&
                   (int)WEIR__DEAD == (int)WEIR_ITEM_DEAD && (int)WEIR__FAILED == (int)WEIR_ITEM_FAILED,
               "a verdict is an outcome");

static weir_pipeline *pipeline_of(weir__flight *flight) {
    return (weir_pipeline *)(void *)((char *)flight - offsetof(weir_pipeline, flight));
}

static void tell_settled(weir__flight *flight, void *ticket, weir__verdict verdict) {
    weir_pipeline *pipeline = pipeline_of(flight);
    weir__callback call;
    weir__callback_begin(&call, pipeline, NULL, WEIR_IN_CALLBACK);
    pipeline->options.settled(ticket, (weir_outcome)verdict);
    weir__border();
    weir__callback_end(&call);
}

void weir__settled_prepare(weir_pipeline *pipeline) {
    if (pipeline->options.settled != NULL)
        pipeline->flight.tell = tell_settled;
}
