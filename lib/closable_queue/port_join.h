/*
 * port_join.h - Declares the counts of a queue with a port, and the wait for their end.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_CLOSABLE_QUEUE_PORT_JOIN_H
#define WEIR_CLOSABLE_QUEUE_PORT_JOIN_H

#include "closable_queue/queue.h"

/* Implements weir_queue_join_until, weir_queue_size and weir_queue_unfinished for a queue with a port. */
weir_status weir__port_join(weir_queue *queue, weir_deadline deadline);
size_t weir__port_size(const weir_queue *queue);
size_t weir__port_unfinished(const weir_queue *queue);

#endif /* WEIR_CLOSABLE_QUEUE_PORT_JOIN_H */
