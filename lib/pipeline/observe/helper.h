/*
 * helper.h - Claims helper threads: a pipeline has at most one for its view, and one for its signals.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_OBSERVE_HELPER_H
#define WEIR_PIPELINE_OBSERVE_HELPER_H

#include "pipeline/state/pipeline.h"

/*
 * Claims a helper before its thread is started: sets `*has`. Returns false if the run is not under way, is being
 * finished, or has that helper already.
 */
bool weir__helper_claim(weir_pipeline *pipeline, bool *has);

/* Ends a claim. Sets `*has` to `started`. An end waits for this call. */
void weir__helper_claimed(weir_pipeline *pipeline, bool *has, bool started);

/* Refuses a call after its claim failed, with a message. Returns WEIR_INVALID. */
weir_status weir__helper_refuse(weir_pipeline *pipeline, const bool *has, const char *call);

#endif /* WEIR_PIPELINE_OBSERVE_HELPER_H */
