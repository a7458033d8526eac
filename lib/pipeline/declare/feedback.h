/*
 * feedback.h - Connections back: to which stages upstream a stage may feed items, and which stages drain together.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_DECLARE_FEEDBACK_H
#define WEIR_PIPELINE_DECLARE_FEEDBACK_H

#include "pipeline/state/stage.h"

/* Connects `from` back to `to`. Both are of one pipeline. Returns WEIR_OK; WEIR_NOMEM. */
weir_status weir__feedback_add(weir_stage *from, weir_stage *to);

/* Whether `from` is connected back to `to`. */
bool weir__feedback_has(const weir_stage *from, const weir_stage *to);

/* Checks each connection back, and sets `loop` of the stages. The stages must be sorted. */
weir_status weir__feedback_check(weir_pipeline *pipeline);

/* Frees the connections back to a stage. */
void weir__feedback_free(weir_stage *stage);

#endif /* WEIR_PIPELINE_DECLARE_FEEDBACK_H */
