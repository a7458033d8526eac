/*
 * recall.h - Recalls tasks: requeues what the batch of a worker has, and has not begun.
 *
 * So a batch may be long: no task waits in one for another that must begin later, and none escapes a count or a shutdown.
 * The token of an entry decides between the worker and the thread that recalls it (X3).
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_EXECUTOR_RECALL_H
#define WEIR_EXECUTOR_RECALL_H

#include "executor/state.h"

/* Takes the token of an entry; NULL: it was taken. */
static inline void *weir__entry_claim(weir__entry *entry) {
    return weir__ptr_exchange_acquire_release(&entry->token, NULL);
}

/* X9. Notes that the worker's batch has so many tasks now, the first of which begins. */
void weir__hold_locked(weir__worker *worker, size_t count);

/* X9. All tasks of the worker's batch have begun, or were taken out of it. */
void weir__unhold_locked(weir__worker *worker);

/* Requeues what the batches of this band and lower ones hold (X9). */
void weir__recall_from_locked(weir_executor *executor, enum weir__band band);

/* Whether a batch may hold a task. */
static inline bool weir__holds_tasks(const weir_executor *executor) {
    return executor->held[WEIR__BAND_HIGH] + executor->held[WEIR__BAND_NORMAL] + executor->held[WEIR__BAND_LOW] > 0;
}

/* A task of this band is listed: it begins before those of lower ones. */
static inline void weir__make_way_locked(weir_executor *executor, enum weir__band band) {
    const size_t *held = executor->held;
    size_t lower = band == WEIR__BAND_LOW ? 0 : held[WEIR__BAND_LOW];
    if (lower + (band == WEIR__BAND_HIGH ? held[WEIR__BAND_NORMAL] : 0) > 0)
        weir__recall_from_locked(executor, band + 1);
}

/* Whether `capacity` tasks are pending. If so, no batch holds one. */
static inline bool weir__is_full_locked(weir_executor *executor) {
    const size_t *held = executor->held;
    if (executor->capacity == WEIR_UNBOUNDED)
        return false;
    if (executor->bands.listed + held[WEIR__BAND_HIGH] + held[WEIR__BAND_NORMAL] + held[WEIR__BAND_LOW] <
        executor->capacity)
        return false;
    weir__recall_from_locked(executor, WEIR__BAND_HIGH);
    return executor->bands.listed >= executor->capacity;
}

#endif /* WEIR_EXECUTOR_RECALL_H */
