/*
 * plain.h - Runs the calls of a plain pipeline, which weir/pipeline.h calls simple: its items have no envelopes.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_CALL_PLAIN_H
#define WEIR_PIPELINE_CALL_PLAIN_H

#include "pipeline/state/stage.h"

/* Calls the function. Returns false if it dropped the item instead, because the run is cancelled. */
bool weir__plain_call(weir__lane *lane, void *item, void **result);

/*
 * Does so for the items that a lane on a crew has begun. Adds the results to the outbox. Returns how many it dropped.
 */
size_t weir__plain_calls(weir__lane *lane);

/* Runs one item. The function of the workers of a stage with threads of its own. */
void *weir__run_plain(void *item, void *lane);

#endif /* WEIR_PIPELINE_CALL_PLAIN_H */
