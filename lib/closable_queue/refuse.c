/*
 * refuse.c - Ends puts that have put nothing, apart from put.c, so that puts which succeed stay short.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "closable_queue/refuse.h"

#include "closable_queue/descriptor.h"
#include "closable_queue/port_put.h"

weir_status weir__put_refuse(weir_queue *queue, weir_status status, void *const *items, size_t count, size_t *put) {
    bool full = status == WEIR_FULL, quiet = full && queue->consumers.descriptor != NULL;
    weir__lock_release(&queue->producers.lock);
    if (full && queue->port != NULL)
        return weir__port_put(queue, items, count, put);
    if (quiet)
        weir__descriptor_quiet(queue, &queue->consumers);
    return status;
}

weir_status weir__put_refuse_one(weir_queue *queue, weir_status status, void *item) {
    size_t put = 0;
    return weir__put_refuse(queue, status, &item, 1, &put);
}
