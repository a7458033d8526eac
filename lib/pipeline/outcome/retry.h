/*
 * retry.h - Decides whether an item is retried, and delays the next attempt.
 *
 * A failed item that backs off waits on a timer, and occupies neither a worker nor a queue slot. After its delay it is
 * requeued, and any worker may take it. Without a delay it is requeued at once.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_OUTCOME_RETRY_H
#define WEIR_PIPELINE_OUTCOME_RETRY_H

#include "pipeline/state/stage.h"

/* Returns whether the stage's `when`, which it must have, wants another attempt after one that failed with `code`. */
bool weir__retry_is_wanted(weir_stage *stage, int code);

/* Whether another attempt follows after `attempts` attempts. The last one failed with `code`. */
static inline bool weir__is_retried(weir_stage *stage, unsigned attempts, int code) {
    const weir_retry *retry = &stage->options.errors.retry;
    return attempts < retry->attempts && (retry->when == NULL || weir__retry_is_wanted(stage, code));
}

/* Returns the delay, in ns, after `attempts` attempts. `lot` chooses the jitter. */
uint64_t weir__retry_delay(const weir_task *task, unsigned attempts, uint64_t lot);

/* Makes the item or batch of the call back off. The lane lets go of it. */
void weir__back_off(weir__lane *lane, weir_task *task);

#endif /* WEIR_PIPELINE_OUTCOME_RETRY_H */
