/*
 * refuse.h - Declares the ends of puts that have put nothing.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_CLOSABLE_QUEUE_REFUSE_H
#define WEIR_CLOSABLE_QUEUE_REFUSE_H

#include "closable_queue/queue.h"

/*
 * Releases the producers' lock. If the queue is full, its descriptor is no longer readable. A queue with a port is always
 * full, and asks the port (Q21): then `*put` grows by the number of items that the port has accepted. Returns `status`, or
 * what the port has answered.
 */
weir_status weir__put_refuse(weir_queue *queue, weir_status status, void *const *items, size_t count, size_t *put);

/* The same for one item. */
weir_status weir__put_refuse_one(weir_queue *queue, weir_status status, void *item);

#endif /* WEIR_CLOSABLE_QUEUE_REFUSE_H */
