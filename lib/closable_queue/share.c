/*
 * share.c - workers that come, go, and wake each other; what they take and give back is in get.c and front.c.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "closable_queue/share.h"

void weir__queue_wake_consumer(weir_queue *queue) {
    weir__side *side = &queue->producers;
    weir__lock_acquire(&side->lock);
    weir__park_release_one(&side->park, &side->lock);
}

void weir__queue_attach(weir_queue *queue, size_t workers) {
    weir__side *side = &queue->consumers;
    weir__lock_acquire(&side->lock);
    side->workers += workers;
    weir__lock_release(&side->lock);
}

void weir__queue_detach(weir_queue *queue, size_t workers) {
    weir__side *side = &queue->consumers;
    weir__lock_acquire(&side->lock);
    side->workers -= workers;
    weir__lock_release(&side->lock);
}

bool weir__queue_holds_requeued(weir_queue *queue) {
    weir__side *side = &queue->consumers;
    weir__lock_acquire(&side->lock);
    bool holds = side->requeued > 0;
    weir__lock_release(&side->lock);
    return holds;
}

void weir__queue_mark(weir_queue *queue, weir__u64 *mark) {
    weir__side *side = &queue->producers;
    weir__lock_acquire(&side->lock);
    weir__u64_store_release(mark, weir__u64_load_relaxed(&side->index));
    weir__park_release_all(&side->park, &side->lock);
}
