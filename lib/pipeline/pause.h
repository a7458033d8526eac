/*
 * pause.h - Blocks a worker until a time, or until its function is told to return.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_PAUSE_H
#define WEIR_PIPELINE_PAUSE_H

#include "pipeline/stage.h"

/* Whether functions of the stage are told to return: by a cancel; those of a source also by the end of the run. */
bool weir__is_told_to_return(const weir_stage *stage);

/* Blocks until that time. Returns false, at once, if functions of the stage are told to return. */
bool weir__pause_until(weir__lane *lane, uint64_t time);

/* Blocks until the stage's rate allows that many calls, or items. Returns as weir__pause_until. */
bool weir__pause_for_rate(weir__lane *lane, size_t turns);

/* Wakes the workers that pause, so that they look again whether they are told to return. */
void weir__pause_wake(weir_stage *stage);

#endif /* WEIR_PIPELINE_PAUSE_H */
