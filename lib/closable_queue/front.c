/*
 * front.c - where the front of the queue is not just the next slot: at the end of a segment, and after a giving back.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "closable_queue/front.h"

/* Keeps an emptied segment as the spare, and frees the one that was it. */
static void retire(weir_queue *queue, weir__segment *segment) {
    weir__segment_link(segment, NULL);
    weir__free(weir__ptr_exchange_acquire_release(&queue->spare, segment));
}

bool weir__front_enter_next_segment(weir_queue *queue) {
    weir__place *place = &queue->consumers.place;
    weir__segment *old = place->segment, *next = weir__segment_next(old);
    if (next == NULL)
        return false;
    *place = weir__segment_begin(next);
    if (next != old)
        retire(queue, old);
    return true;
}

void weir__front_take_returned(weir__side *consumers) {
    weir__returned *first = consumers->returned;
    if (++first->begin < first->end)
        return;
    consumers->returned = first->next;
    weir__free(first);
}

/*
 * Q8. The locks are taken as a shutdown does: the head is changed where consumers that want to sleep look at it, so each
 * of them sees the items or is woken for them.
 */
void weir__queue_give_back(weir_queue *queue, weir__returned *returned) {
    weir__side *producers = &queue->producers, *consumers = &queue->consumers;
    weir__lock_acquire(&producers->lock);
    weir__lock_acquire(&consumers->lock);
    uint64_t count = returned->end - returned->begin;
    returned->next = consumers->returned;
    consumers->returned = returned;
    weir__u64_store_release(&consumers->index, weir__u64_load_relaxed(&consumers->index) - count);
    bool discarding = consumers->discarding;
    weir__lock_release(&consumers->lock);
    weir__park_release_one(&producers->park, &producers->lock);
    if (discarding)
        weir__queue_discard(queue);
}
