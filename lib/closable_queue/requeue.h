/*
 * requeue.h - Implements requeueing: items that were taken and not settled come back, and new ones are fed (Q8).
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_CLOSABLE_QUEUE_REQUEUE_H
#define WEIR_CLOSABLE_QUEUE_REQUEUE_H

#include "closable_queue/queue.h"

/*
 * Q8. Requeues an item that was taken and is not settled: behind the queued items, or at the front. Never blocks and
 * never fails. The item's owner has set place->item; the queue owns the place until the item is taken. After a
 * discard the item is discarded too, possibly by this call.
 */
void weir__queue_requeue(weir_queue *queue, weir__requeued *place);
void weir__queue_requeue_first(weir_queue *queue, weir__requeued *place);

/*
 * Q8. Feeds a new item: puts it behind the queued items, whether or not there is room, and even if the queue is sealed.
 * Never blocks. Returns false, with no effect, if the queue is shut down. The item's owner has set place->item.
 */
bool weir__queue_feed(weir_queue *queue, weir__requeued *place);

/*
 * Q20. Requeues an item that was delivered to a queue with a port, behind the others, and wakes a consumer. Never blocks.
 * Returns WEIR_OK; WEIR_CLOSED if the queue is shut down; WEIR_FULL if `window` items are requeued.
 */
weir_status weir__queue_arrive(weir_queue *queue, weir__requeued *place, size_t window);

/*
 * Requeues at the front the items that are left of a share, in the first `count` of `slots`. Empties the slots with the
 * consumers' lock held. The queue frees `returned`, which has `count` places. Also subtracts `workers`, 0 or 1, from
 * the number of workers that take from the queue, and wakes a consumer.
 */
void weir__queue_give_back(weir_queue *queue, weir__slot *slots, size_t count, weir__returned *returned,
                           size_t workers);

#endif /* WEIR_CLOSABLE_QUEUE_REQUEUE_H */
