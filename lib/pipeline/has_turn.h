/*
 * has_turn.h - Whether the results of a lane may leave now, in a stage that keeps turns (in_turn.h).
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_HAS_TURN_H
#define WEIR_PIPELINE_HAS_TURN_H

#include "pipeline/stage.h"

/* O10. Also true if the stage keeps no turns. */
static inline bool weir__has_turn(const weir__lane *lane) {
    const weir__turns *turns = &lane->stage->turns;
    return !weir__turns_are_kept(turns) || weir__turns_has_come(turns, weir__u64_load_relaxed(&lane->served.position));
}

#endif /* WEIR_PIPELINE_HAS_TURN_H */
