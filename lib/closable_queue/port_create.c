/*
 * port_create.c - Creates queues with a port.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "closable_queue/port.h"

static bool is_usable(const weir_queue_port *port) {
    for (size_t i = 0; i < sizeof port->reserved / sizeof port->reserved[0]; i++) {
        if (port->reserved[i] != NULL)
            return false;
    }
    return true;
}

/* Q20, Q21. No other thread has the queue yet. */
static void attach(weir_queue *queue, weir__port *port) {
    queue->port = port;
    queue->producers.held = true;
    weir__u64_store_relaxed(&queue->producers.index, WEIR__PORT_BASE);
    weir__u64_store_relaxed(&queue->consumers.index, WEIR__PORT_BASE);
    weir__u64_store_relaxed(&queue->settled.word, WEIR__PORT_BASE * 2);
    weir__u64_store_relaxed(&queue->settled.known_tail, WEIR__PORT_BASE);
}

weir_status weir_queue_create_port(weir_queue **result, const weir_queue_options *options,
                                   const weir_queue_port *table) {
    if (result == NULL || options == NULL || options->capacity == 0 || table == NULL || !is_usable(table))
        return WEIR_INVALID;
    weir__port *port = weir__alloc(sizeof *port);
    if (port == NULL)
        return WEIR_NOMEM;
    weir_queue_options inner = *options;
    inner.capacity = WEIR_UNBOUNDED; /* its slots stay empty: an unbounded queue spins on its counts */
    weir_queue *queue;
    weir_status status = weir_queue_create_with(&queue, &inner);
    if (status != WEIR_OK) {
        weir__free(port);
        return status;
    }
    port->queue = queue;
    port->table = *table;
    port->table.window = table->window > 0 ? table->window : 1;
    port->capacity = options->capacity;
    attach(queue, port);
    *result = queue;
    return WEIR_OK;
}
