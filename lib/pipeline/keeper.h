/*
 * keeper.h - a thread that keeps the times: back-offs, and batches that wait no longer.
 *
 * A timer is set with a time and rings once, in the keeper's thread, with no lock held; or in the thread that closes
 * the keeper. One thread for the whole pipeline, so that no worker waits for a time that is another's.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_KEEPER_H
#define WEIR_PIPELINE_KEEPER_H

#include "lock/lock.h"
#include "park/park.h"
#include "pipeline/heap.h"
#include "sync/sync.h"

typedef struct weir__timer {
    weir__heap_node node; /* first: its rank is when it rings */
    void (*ring)(struct weir__timer *timer);
} weir__timer;

/* Zero is a keeper that is not started. All but the thread is under the lock. */
typedef struct weir__keeper {
    weir__lock lock;
    weir__park park;
    weir__heap timers;
    bool closed;
    bool ending;
    weir__thread thread;
    bool started; /* the starter's own */
} weir__keeper;

/* False: no thread could be created. */
bool weir__keeper_start(weir__keeper *keeper);

/* False: the keeper is closed, and the timer will not ring. */
bool weir__keeper_set(weir__keeper *keeper, weir__timer *timer, uint64_t due);

/* Rings all that is set, here and now; nothing can be set any more. */
void weir__keeper_close(weir__keeper *keeper);

/* Lets the thread end, if there is one. What is still set will not ring. */
void weir__keeper_end(weir__keeper *keeper);

/* Joins it after that; false: it has not ended by then. */
bool weir__keeper_join_until(weir__keeper *keeper, uint64_t deadline);

#endif /* WEIR_PIPELINE_KEEPER_H */
