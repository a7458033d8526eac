/*
 * port_settle.h - Declares how the receipts of a port end (Q22).
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_CLOSABLE_QUEUE_PORT_SETTLE_H
#define WEIR_CLOSABLE_QUEUE_PORT_SETTLE_H

#include "closable_queue/queue.h"

/* Settles the items that task_done of the calling thread settles. Returns WEIR_INVALID, with no effect, if too few are taken. */
weir_status weir__port_settle(weir_queue *queue, size_t count);

/* Settles what the calling thread has taken as a worker, oldest first; a sentinel before that. */
void weir__port_settle_own(weir_queue *queue, size_t count);

/* Gives back what the calling thread has taken first as a worker. */
void weir__port_return_own(weir_queue *queue);

/* A get of a cursor. Sets `*number` to that of the delivery, from 1, if the status is WEIR_OK. */
weir_status weir__port_get_kept(weir_queue *queue, void **item, int *number);

/* Settles it, unless it was returned. */
void weir__port_settle_kept(weir_queue *queue, int number);

/* Gives back the receipts of what the calling thread has taken in order to discard it, oldest first. */
void weir__port_give_back(weir_queue *queue, size_t count);

/* Gives back the receipts of all unsettled items, ends the port and frees it. No thread of the program uses the queue. */
void weir__port_end(weir_queue *queue);

#endif /* WEIR_CLOSABLE_QUEUE_PORT_SETTLE_H */
