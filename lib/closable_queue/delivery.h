/*
 * delivery.h - Declares the list of the deliveries that are taken and not settled (Q22).
 *
 * Every function requires the consumers' lock of a queue with a port.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_CLOSABLE_QUEUE_DELIVERY_H
#define WEIR_CLOSABLE_QUEUE_DELIVERY_H

#include "closable_queue/port.h"

/* Lists the item that the calling thread has just taken out of `aside`. Wakes those that deliver, if enough are taken. */
void weir__delivery_take(weir_queue *queue, weir__requeued *place);

/* Removes a delivery from the list. */
void weir__delivery_remove(weir__port *port, weir__delivery *delivery);

/* Removes the item that the calling worker has taken last, and returns its place. */
weir__requeued *weir__delivery_untake(weir__port *port);

/*
 * Removes the `count` items that a task_done of the calling thread settles: its own oldest, or all that there are. Returns
 * their list; NULL if it has fewer, and there are more.
 */
weir__delivery *weir__delivery_take_out(weir__port *port, size_t count);

/* Returns what the calling thread has taken last in that way; NULL if there is none. */
weir__delivery *weir__delivery_newest(const weir__port *port, weir__taken_by by);

/* Returns what the calling thread has taken first in that way; NULL if there is none. */
weir__delivery *weir__delivery_oldest(const weir__port *port, weir__taken_by by);

/* Returns the delivery with the number of a cursor; NULL if there is none. */
weir__delivery *weir__delivery_numbered(const weir__port *port, int number);

/*
 * Returns the oldest item with that address that the calling thread took by a get, or if there is none, that any thread
 * took so; NULL if there is none. With `present`, the item that the calling thread has as a worker or by a cursor is
 * one of its own.
 */
weir__delivery *weir__delivery_of_item(const weir__port *port, const void *item, bool present);

#endif /* WEIR_CLOSABLE_QUEUE_DELIVERY_H */
