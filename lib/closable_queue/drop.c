/*
 * drop.c - Calls the drop function of a queue.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "closable_queue/drop.h"

#include "sync/border.h"

void weir__queue_drop(const weir_queue *queue, void *item) {
    weir__callout callout;
    if (queue->drop == NULL)
        return;
    weir__callout_begin(&callout, queue, WEIR__DROPPING);
    queue->drop(item, queue->drop_arg);
    weir__border();
    weir__callout_end(&callout);
}
