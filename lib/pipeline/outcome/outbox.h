/*
 * outbox.h - Holds the results of a lane on a crew, in a plain pipeline, and sends several of them at a time.
 *
 * N7  The lane's thread adds results; it alone changes `made`. A thread that sends results holds `out_lock`, and counts
 *     them in `sent`. So results leave in order, also if the monitor sends them because a call of the lane takes long.
 *     With `sending` set, the lane's thread has taken a result out and waits for room: no other thread sends then. An
 *     item is settled once its result is sent (S1). The monitor sends once in a part. Before, it sets `lasts`, and
 *     executes a barrier in all threads: so either it sees a result, or the call of the source sees `lasts`, and sends this
 *     result and each later one itself. Without the barrier both change `lasts` by an atomic operation, and the second one
 *     sees what the first one wrote before. Only if the system refuses the barrier later than the registration, a result
 *     that is added as `lasts` is set may wait for the next one, or for the end of the call.
 *
 * Lock order: `out_lock` is held while items are put or requeued, so the locks of queues are taken after it.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_OUTCOME_OUTBOX_H
#define WEIR_PIPELINE_OUTCOME_OUTBOX_H

#include "pipeline/state/has_turn.h"
#include "sync/barrier.h"

/* Number of results that an outbox holds, and of items in a morsel. */
enum { WEIR__MORSEL = 192 };

/* Sends all results. Blocks while the next queue is full. Called by the lane's thread. */
void weir__outbox_send(weir__lane *lane);

/* Counts the items of results that the lane's thread has sent or passed on. */
void weir__outbox_count(weir__lane *lane, weir__verdict verdict, size_t items);

/* Sends the results that the next queue has room for, and settles their items. Called by any thread. */
void weir__outbox_rescue(weir__lane *lane);

/* Adds a result. Called by the lane's thread. */
static inline void weir__outbox_add(weir__lane *lane, void *result) {
    weir__served *served = &lane->served;
    uint32_t made = weir__u32_load_relaxed(&served->made);
    if (made == WEIR__MORSEL) {
        weir__outbox_send(lane);
        made = weir__u32_load_relaxed(&served->made);
    }
    weir__ptr_store_relaxed(&served->out[made], result);
    weir__u32_store_release(&served->made, made + 1);
}

/* N7. Whether the monitor has sent results in this part. Called by the lane's thread, after it has added one. */
static inline bool weir__outbox_lasts(weir__lane *lane) {
    weir__served *served = &lane->served;
    if (!weir__barrier_works())
        return weir__u32_add_acquire_release(&served->lasts, 0) != 0;
    weir__barrier_of_compiler();
    return weir__u32_load_relaxed(&served->lasts) != 0;
}

/* Adds a result of a source, and sends it if its call takes long. Called by the lane's thread. */
static inline void weir__outbox_emit(weir__lane *lane, void *result) {
    weir__outbox_add(lane, result);
    if (weir__outbox_lasts(lane))
        weir__outbox_send(lane);
}

/* Sends the results of a lane on a crew that is about to wait, if `waits`: they must not wait too. */
static inline void weir__outbox_send_before(weir__lane *lane, bool waits) {
    if (waits && lane->stage->crew != NULL && !weir__turn_defer(lane))
        weir__outbox_send(lane);
}

#endif /* WEIR_PIPELINE_OUTCOME_OUTBOX_H */
