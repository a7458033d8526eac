/*
 * has_turn.h - Whether the results of a lane may leave now, in a stage that keeps turns (in_turn.h).
 *
 * O11 A deferred lane has results in its outbox before its turn, and its thread is in a long call or waits. A lane is
 *     deferred under the lock under which turns end. So the lane that ends the turn before finds it, and sends for it.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_STATE_HAS_TURN_H
#define WEIR_PIPELINE_STATE_HAS_TURN_H

#include "pipeline/state/stage.h"

/* O10. Also true if the stage keeps no turns. */
static inline bool weir__has_turn(const weir__lane *lane) {
    const weir__turns *turns = &lane->stage->turns;
    return !weir__turns_are_kept(turns) || weir__turns_has_come(turns, weir__u64_load_relaxed(&lane->served.position));
}

/*
 * O11. Returns false if the lane's results may leave now. Otherwise defers the lane. Any thread may call this. If the
 * lane goes on to another morsel during the call, that one is deferred.
 */
bool weir__turn_defer(weir__lane *lane);

/* Ends the deferral. Called when the lane has begun all its items. */
void weir__turn_undefer(weir__lane *lane);

/* Returns the number of results that wait for their turn: those that are kept, and those of deferred lanes (O11). */
size_t weir__turn_waiting(weir_stage *stage);

#endif /* WEIR_PIPELINE_STATE_HAS_TURN_H */
