/*
 * port_put.h - Declares how producers ask the port of a queue.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_CLOSABLE_QUEUE_PORT_PUT_H
#define WEIR_CLOSABLE_QUEUE_PORT_PUT_H

#include "closable_queue/queue.h"

/*
 * Passes items to the port, or one sentinel. Adds the number of accepted ones to `*put`. Returns WEIR_OK if these are all.
 * If there is no room, the caller may sleep for it (Q21). No lock is held.
 */
weir_status weir__port_put(weir_queue *queue, void *const *items, size_t count, size_t *put);

#endif /* WEIR_CLOSABLE_QUEUE_PORT_PUT_H */
