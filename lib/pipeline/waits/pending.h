/*
 * pending.h - Manages the slots of operations: lanes take and release them, and calls find them by number. Waits until
 * no operation is open.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_WAITS_PENDING_H
#define WEIR_PIPELINE_WAITS_PENDING_H

#include "pipeline/state/pipeline.h"

static inline bool weir__stage_detaches(const weir_stage *stage) {
    return stage->options.limits.in_flight != 0;
}

/* Allocate the slots of all stages, at the start, and free them. */
weir_status weir__pending_prepare(weir_pipeline *pipeline);
void weir__pending_free(weir_pipeline *pipeline);

/* Takes an unused slot. Returns NULL if all are in use. The lock is held. */
weir__operation *weir__pending_take(weir__operations *operations);

/*
 * Make a slot unused, and wake a lane that waits for a slot. End does this for the lane's slot. Release does it for any
 * slot; the caller holds the lock, and release releases it.
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

/*
 * Z1, Z3. Add makes an operation PENDING, and adds it to a list. Finish makes it FINISHED, and takes it out of its
 * list: its slot stays in use. The lock is held.
 */
void weir__pending_add(weir__operation *slot, weir__envelope *envelope);
void weir__pending_finish(weir__operation *slot);

/* Notes that a PENDING operation is late. The caller then calls its abort. The lock is held. */
void weir__pending_set_late(weir__operation *slot);

/*
 * Z3, Z4. Makes the slot of a FINISHED operation unused, and wakes a lane that waits for one. The finish needs the
 * pipeline no longer: the caller must not touch it afterwards.
 */
void weir__pending_close(weir__operation *slot);

/* Z4. Blocks until no operation is open, or until the limit. Returns true if no operation is open. */
bool weir__pending_await(weir_pipeline *pipeline, uint64_t limit);

/* S4. Wakes the lanes that wait for a slot, so that they see a cancel. */
void weir__pending_wake(weir_stage *stage);

#endif /* WEIR_PIPELINE_WAITS_PENDING_H */
