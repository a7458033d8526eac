/*
 * route.c - Chooses the successor that a result goes to.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/outcome/route.h"

#include "base/mix.h"
#include "pipeline/state/callback.h"
#include "sync/border.h"

/* Maps a key to one of `count` successors, evenly for all sets of keys. */
static size_t spread(uint64_t key, size_t count) {
    return (size_t)(weir__mix(key) % count);
}

static uint64_t call_route(weir_stage *from, const void *result) {
    weir__callback call;
    weir__callback_begin(&call, from->pipeline, from, WEIR_IN_CALLBACK);
    uint64_t said = from->options.output.route(result, from->options.work.arg);
    weir__border();
    weir__callback_end(&call);
    return said;
}

uint64_t weir__route(weir_stage *from, const void *result) {
    switch (from->options.output.fan_out) {
        case WEIR_BY_KEY:
            return spread(call_route(from, result), from->successor_count);
        case WEIR_BY_CHOICE:
            return call_route(from, result);
        default:
            return weir__u64_add_acquire_release(&from->turn, 1) % from->successor_count;
    }
}

weir_stage *weir__route_for_drop(weir_stage *from, const void *result) {
    weir_fan_out how = from->options.output.fan_out;
    uint64_t to = 0;
    if (from->successor_count == 0)
        return NULL;
    if (from->successor_count > 1 && (how == WEIR_BY_KEY || how == WEIR_BY_CHOICE))
        to = weir__route(from, result);
    return from->successors[to < from->successor_count ? to : 0];
}
