/*
 * abort.h - Asks operations for their end, because of a cancel or because they are late.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_WAITS_ABORT_H
#define WEIR_PIPELINE_WAITS_ABORT_H

#include "pipeline/state/pipeline.h"

/* Calls the stage's abort for an operation. No lock is held. */
void weir__abort_ask(weir_stage *stage, weir_operation operation, weir_abort_reason why);

/*
 * Z6. Asks the PENDING operations of all stages, after a cancel has set its flag, except those of stages that wait
 * themselves: their threads ask. The second does it for one stage.
 */
void weir__abort_cancelled(weir_pipeline *pipeline);
void weir__abort_stage(weir_stage *stage);

/* Asks the operations of a stage that are late, and sets the alarm for the next one. */
void weir__abort_late(weir_stage *stage);

/* Prepares the alarm of a stage, at the start. */
void weir__abort_prepare(weir_stage *stage);

/*
 * Whether the stage's alarm must be set, after an operation was made PENDING: it is the oldest. The lock is held. The
 * caller that gets true must call the second function once it has released the lock.
 */
bool weir__abort_must_watch(const weir__operation *slot);
void weir__abort_watch(weir_stage *stage, uint64_t begun);

#endif /* WEIR_PIPELINE_WAITS_ABORT_H */
