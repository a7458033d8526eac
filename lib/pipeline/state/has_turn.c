/*
 * has_turn.c - Defers lanes whose results must wait for their turn.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/state/has_turn.h"

static void set_locked(weir__lane *lane, uint32_t deferred) {
    weir__u32 *count = &lane->stage->turns.deferred;
    if (weir__u32_load_relaxed(&lane->served.deferred) == deferred)
        return;
    weir__u32_store_relaxed(&lane->served.deferred, deferred);
    weir__u32_store_relaxed(count, weir__u32_load_relaxed(count) + (deferred != 0 ? 1 : (uint32_t)-1));
}

bool weir__turn_defer(weir__lane *lane) {
    weir__turns *turns = &lane->stage->turns;
    if (weir__has_turn(lane))
        return false;
    weir__lock_acquire(&turns->lock);
    bool waits = !weir__has_turn(lane);
    if (waits)
        set_locked(lane, 1);
    weir__lock_release(&turns->lock);
    return waits;
}

void weir__turn_undefer(weir__lane *lane) {
    weir__turns *turns = &lane->stage->turns;
    if (weir__u32_load_relaxed(&lane->served.deferred) == 0)
        return;
    weir__lock_acquire(&turns->lock);
    set_locked(lane, 0);
    weir__lock_release(&turns->lock);
}

size_t weir__turn_waiting(weir_stage *stage) {
    weir__turns *turns = &stage->turns;
    weir__lock_acquire(&turns->lock);
    size_t waiting = turns->kept;
    for (size_t i = 0; i < stage->options.threads.count; i++) {
        const weir__lane *lane = &stage->lanes[i];
        if (weir__u32_load_relaxed(&lane->served.deferred) != 0 && !weir__has_turn(lane))
            waiting += weir__u32_load_acquire(&lane->served.made);
    }
    weir__lock_release(&turns->lock);
    return waiting;
}
