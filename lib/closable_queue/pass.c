/*
 * pass.c - Lets items pass through an empty queue.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "closable_queue/pass.h"

#include "closable_queue/alert.h"

/* Both locks are held. */
static void count_locked(weir_queue *queue, size_t count, size_t promised) {
    weir__side *producers = &queue->producers, *consumers = &queue->consumers;
    uint64_t passed = weir__u64_load_relaxed(&producers->index) + count;
    weir__u64_store_release(&producers->index, passed); /* Q2: the tail first */
    weir__u64_store_release(&consumers->index, passed);
    weir__assert(consumers->promised >= promised); /* Q14 */
    consumers->promised -= promised;
    weir__queue_assert_locked(queue);
}

bool weir__queue_pass(weir_queue *queue, size_t count, size_t promised, weir__alert *alert) {
    weir__side *side = &queue->producers;
    weir__assert(!queue->stamped); /* Q10: items that pass get no number */
    weir__lock_acquire(&side->lock);
    if (side->sealed || !weir__queue_is_empty_locked(queue)) {
        weir__lock_release(&side->lock);
        return false;
    }
    weir__alert_leave_locked(side, alert);
    weir__lock_acquire(&queue->consumers.lock); /* Q6 */
    count_locked(queue, count, promised);
    weir__lock_release(&side->lock);
    if (promised > 0)
        weir__queue_publish_room(queue);
    else
        weir__lock_release(&queue->consumers.lock);
    return true;
}
