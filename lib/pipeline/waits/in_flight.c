/*
 * in_flight.c - Takes slots of operations for calls, and blocks while all are in use.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/waits/in_flight.h"

#include "pipeline/observe/timing.h"
#include "pipeline/waits/own_wait.h"
#include "pipeline/waits/pending.h"

/* P3. Releases the lock. A wake may have been meant for more slots than the thread has taken. */
static void pass_slot_on(weir__operations *operations) {
    if (operations->unused != NULL)
        weir__park_release_one(&operations->unused_park, &operations->lock);
    else
        weir__lock_release(&operations->lock);
}

/* Blocks until a slot is unused, or for no reason. The lock is held on entry and exit. */
static void wait_locked(weir__lane *lane) {
    weir__operations *operations = &lane->stage->operations;
    if (!weir__waits_itself(lane->stage)) {
        weir__park_wait(&operations->unused_park, &operations->lock, WEIR_NEVER, &(bool){false});
        return;
    }
    weir__lock_release(&operations->lock);
    weir__own_wait(lane, WEIR_NEVER);
    weir__lock_acquire(&operations->lock);
}

static weir__operation *wait_for_slot(weir__lane *lane) {
    const weir_pipeline *pipeline = lane->stage->pipeline;
    weir__operations *operations = &lane->stage->operations;
    weir__operation *slot = NULL;
    weir__timing_block(lane, WEIR__FOR_OPERATIONS);
    weir__lock_acquire(&operations->lock);
    while (!weir__is_cancelled(pipeline) && (slot = weir__pending_take(operations)) == NULL)
        wait_locked(lane);
    pass_slot_on(operations);
    weir__timing_unblock(lane);
    return slot;
}

bool weir__in_flight_begin(weir__lane *lane) {
    weir__operations *operations = &lane->stage->operations;
    weir__lock_acquire(&operations->lock);
    lane->slot = weir__pending_take(operations);
    weir__lock_release(&operations->lock);
    if (lane->slot == NULL)
        lane->slot = wait_for_slot(lane);
    lane->detached = false;
    return lane->slot != NULL;
}
