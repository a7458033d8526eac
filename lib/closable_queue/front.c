/*
 * front.c - where the front of the queue is not just the next slot: at the end of a segment, and after a giving back.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "closable_queue/front.h"
#include "closable_queue/share.h"

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

/* Returns whether anything was left. */
static bool take_back(weir__slot *slots, size_t count, weir__returned *returned) {
    for (size_t i = 0; i < count; i++) {
        void *item = weir__ptr_exchange_acquire_release(&slots[i], WEIR__EMPTY);
        if (item != WEIR__EMPTY)
            returned->items[returned->end++] = item;
    }
    return returned->end > 0;
}

/*
 * Q8. The locks are taken as a shutdown does: the head is changed where consumers that want to sleep look at it, so
 * each of them sees the items or is woken for them.
 */
void weir__queue_give_back(weir_queue *queue, weir__slot *slots, size_t count, weir__returned *returned) {
    weir__side *producers = &queue->producers, *consumers = &queue->consumers;
    weir__lock_acquire(&producers->lock);
    weir__lock_acquire(&consumers->lock);
    bool any = take_back(slots, count, returned), discarding = consumers->discarding;
    if (any) {
        returned->next = consumers->returned;
        consumers->returned = returned;
        weir__u64_store_release(&consumers->index, weir__u64_load_relaxed(&consumers->index) - returned->end);
    }
    weir__lock_release(&consumers->lock);
    weir__park_release_one(&producers->park, &producers->lock);
    if (!any)
        weir__free(returned);
    else if (discarding)
        weir__queue_discard(queue);
}
