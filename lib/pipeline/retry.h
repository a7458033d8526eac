/*
 * retry.h - Decides on another attempt, and delays it.
 *
 * A failed item that backs off waits on a timer, and occupies neither a worker nor a queue slot. When its delay is over
 * it is requeued, for any worker. Without a delay it is requeued at once.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_RETRY_H
#define WEIR_PIPELINE_RETRY_H

#include "pipeline/stage.h"

/* Whether there is another attempt after so many, of which the last failed with this code. */
bool weir__is_retried(weir_stage *stage, unsigned attempts, int code);

/* Returns the delay until the attempt after so many, in ns; `lot` chooses the jitter. */
uint64_t weir__retry_delay(const weir_task *task, unsigned attempts, uint64_t lot);

/* The call's item, or batch, backs off; the lane lets go of it. */
void weir__back_off(weir__lane *lane, weir_task *task);

#endif /* WEIR_PIPELINE_RETRY_H */
