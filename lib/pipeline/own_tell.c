/*
 * own_tell.c - Implements the tell to a thread that sleeps in the program's wait.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/own_tell.h"

#include "pipeline/callback.h"

/* Whether the calling thread is that of the stage. */
static bool is_own(const weir_stage *stage) {
    const weir__visit *visit = weir__visit_find(stage->pipeline);
    return visit != NULL && visit->lane != NULL && visit->lane->stage == stage;
}

void weir__own_tell(weir_stage *stage) {
    if (weir__waits_itself(stage))
        weir__bell_tell(&stage->bell, is_own(stage));
}
