/*
 * feeders.c - Counts the stages that put to a queue of the program.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "closable_queue/feeders.h"

#include "closable_queue/shutdown.h"

void weir__feeder_enter(weir_queue *queue) {
    weir__side *side = &queue->consumers;
    weir__lock_acquire(&side->lock);
    queue->feeders++;
    weir__lock_release(&side->lock);
}

void weir__feeder_leave(weir_queue *queue, bool ran) {
    weir__queue_lock_both(queue);
    weir__assert(queue->feeders > 0); /* Q18 */
    queue->feeders--;
    queue->ran = queue->ran || ran;
    bool last = queue->feeders == 0 && queue->ran;
    if (last)
        weir__queue_close_locked(queue);
    weir__queue_release_and_wake(queue, last);
}
