/*
 * helper.h - Claims the one helper thread of a kind that a pipeline may have: its view, and its signals.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_HELPER_H
#define WEIR_PIPELINE_HELPER_H

#include "pipeline/pipeline.h"

/*
 * Claims a helper before its thread is started: sets `has`. Returns false if the run is not under way, or `has` is set.
 */
bool weir__helper_claim(weir_pipeline *pipeline, bool *has);

/* Ends a claim: the thread is started, or not. An end waits for that. */
void weir__helper_claimed(weir_pipeline *pipeline, bool *has, bool started);

/* Says why a claim was refused. Returns WEIR_INVALID. */
weir_status weir__helper_refuse(weir_pipeline *pipeline, const bool *has, const char *call);

#endif /* WEIR_PIPELINE_HELPER_H */
