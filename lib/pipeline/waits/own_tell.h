/*
 * own_tell.h - Tells the thread of a stage that sleeps in the program's wait (own_wait.h) of a change.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_WAITS_OWN_TELL_H
#define WEIR_PIPELINE_WAITS_OWN_TELL_H

#include "pipeline/state/pipeline.h"

/* Whether the thread of the stage sleeps in the program's wait. */
static inline bool weir__waits_itself(const weir_stage *stage) {
    return stage->options.work.wait != NULL;
}

/* Tells the thread of the stage, if it waits itself, that something has changed (Y1). May be called with a lock held. */
static inline void weir__own_tell(weir_stage *stage) {
    if (weir__waits_itself(stage))
        weir__bell_tell(&stage->bell);
}

#endif /* WEIR_PIPELINE_WAITS_OWN_TELL_H */
