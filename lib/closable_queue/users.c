/*
 * users.c - Keeps a queue from being destroyed while groups of workers use it.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "closable_queue/users.h"

bool weir__queue_use(weir_queue *queue) {
    weir__side *side = &queue->consumers;
    weir__lock_acquire(&side->lock);
    bool living = !queue->dying;
    queue->users += living;
    weir__lock_release(&side->lock);
    return living;
}

void weir__queue_release(weir_queue *queue) {
    weir__side *side = &queue->consumers;
    weir__lock_acquire(&side->lock);
    weir__assert(queue->users > 0); /* Q12 */
    queue->users--;
    weir__lock_release(&side->lock);
}
