/*
 * prefetch.h - Declares the items that a worker takes at once and begins one by one.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_STOPPABLE_WORKER_PREFETCH_H
#define WEIR_STOPPABLE_WORKER_PREFETCH_H

#include "stoppable_worker/group.h"

/* Allocates what a thread of the worker needs to requeue its items. Returns false if there is no memory. */
bool weir__prefetch_equip(weir_worker *worker);

/*
 * Fills the batch, from its first place on, and returns the number of items. Blocks until there is one. Returns 0 if
 * the worker must end. See prefetch.c.
 */
size_t weir__prefetch_fill(weir_worker *worker);

/* Begins the item in `place`. Returns false if another thread has taken it out. */
bool weir__prefetch_begin(weir_worker *worker, size_t place, void **item);

/* Adapts the size of later batches: `count` items have taken `nanoseconds` altogether. */
void weir__prefetch_learn(weir_worker *worker, size_t count, uint64_t nanoseconds);

/* Requeues the items that are not begun at the front of the queue, which no longer counts the worker. */
void weir__prefetch_give_back(weir_worker *worker);

#endif /* WEIR_STOPPABLE_WORKER_PREFETCH_H */
