/*
 * pause.h - Blocks a worker until a time, or until its function must return.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_PAUSE_H
#define WEIR_PIPELINE_PAUSE_H

#include "pipeline/stage.h"

/*
 * Whether functions of the stage must return. After a cancel, all functions must. Functions of a source also must
 * return once the run is ending or the source has ended.
 */
bool weir__is_told_to_return(const weir_stage *stage);

/* Blocks until that time. Returns false as soon as functions of the stage must return. */
bool weir__pause_until(weir__lane *lane, uint64_t time);

/* Takes `turns` turns of the stage's rate, and blocks until the rate allows them. Returns as weir__pause_until. */
bool weir__pause_for_rate(weir__lane *lane, size_t turns);

/* Wakes the workers that pause, so that they check again whether they must return. */
void weir__pause_wake(weir_stage *stage);

#endif /* WEIR_PIPELINE_PAUSE_H */
