/*
 * pending.h - Slots of operations: taken by lanes, found by their numbers, unused again; and the wait for the last one.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_PENDING_H
#define WEIR_PIPELINE_PENDING_H

#include "pipeline/pipeline.h"

/* Maximum number of slots of a pipeline, and more. */
enum { WEIR__SLOTS = 1 << 24 };

static inline bool weir__stage_detaches(const weir_stage *stage) {
    return stage->options.limits.in_flight != 0;
}

/* Allocates the slots of all stages, at the start, and frees them. */
weir_status weir__pending_prepare(weir_pipeline *pipeline);
void weir__pending_free(weir_pipeline *pipeline);

/* Takes an unused slot. Returns NULL if there is none. The lock is held. */
weir__operation *weir__pending_take(weir__operations *operations);

/*
 * Makes the lane's slot unused, and wakes a lane that waits for one. The second one does so for any slot, with the lock
 * held, which it releases.
 */
void weir__pending_end(weir__lane *lane);
void weir__pending_release(weir__operation *slot);

/* Returns the number of an operation. */
weir_operation weir__pending_number(const weir__operation *slot);

/*
 * Returns the slot of an operation that is not finished, with the lock of its stage's operations held. Returns NULL,
 * with no lock held, if there is none.
 */
weir__operation *weir__pending_find(const weir_pipeline *pipeline, weir_operation operation);

/* Z1. Makes an operation PENDING, and takes it out of its list again. The lock is held. */
void weir__pending_add(weir__operation *slot, weir__envelope *envelope);
void weir__pending_remove(weir__operation *slot);

/* Notes that a PENDING operation was asked for its end because it is late. The lock is held. */
void weir__pending_set_late(weir__operation *slot);

/* Z4. The finish of a PENDING operation needs the pipeline no more. Nothing may be touched afterwards. */
void weir__pending_close(weir_stage *stage);

/* Z4. Blocks until no operation is open, or until the limit. Returns whether none is. */
bool weir__pending_await(weir_pipeline *pipeline, uint64_t limit);

/* S4. Wakes the lanes that wait for a slot, so that they see a cancel. */
void weir__pending_wake(weir_stage *stage);

#endif /* WEIR_PIPELINE_PENDING_H */
