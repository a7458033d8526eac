/*
 * query.c - Implements the calls that query a queue.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "closable_queue/port.h"
#include "closable_queue/port_join.h"

size_t weir_queue_size(const weir_queue *queue) {
    if (queue == NULL)
        return 0;
    if (queue->port != NULL)
        return weir__port_size(queue);
    uint64_t head = weir__queue_head(queue);
    for (;;) { /* the head has not moved since before the tail was read: both were true at that instant */
        uint64_t tail = weir__queue_tail(queue);
        uint64_t again = weir__queue_head(queue);
        if (again == head)
            return (size_t)(tail - head);
        head = again;
    }
}

size_t weir_queue_capacity(const weir_queue *queue) {
    if (queue == NULL)
        return 0;
    return queue->port != NULL ? queue->port->capacity : queue->capacity;
}

const char *weir_queue_name(const weir_queue *queue) {
    return queue == NULL || queue->name == NULL ? "" : queue->name;
}
