/*
 * front.h - Implements the front of the queue: looking at it and taking it. Every function requires the consumers'
 * lock.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_CLOSABLE_QUEUE_FRONT_H
#define WEIR_CLOSABLE_QUEUE_FRONT_H

#include "closable_queue/queue.h"

/* Moves on to the next segment. Returns false if the producers have not linked one yet. */
bool weir__front_enter_next_segment(weir_queue *queue);

/* Takes the first requeued item. */
void weir__front_take_requeued(weir_queue *queue);

/* Q8. Returns true if the front is a requeued item. */
static inline bool weir__front_is_requeued(const weir_queue *queue) {
    return queue->consumers.requeued > 0 && queue->aside.first->turn <= weir__queue_turn(queue);
}

/* Returns what the front holds; WEIR__EMPTY if the queue is empty. */
static inline void *weir__front_item(weir_queue *queue) {
    weir__side *side = &queue->consumers;
    if (weir__front_is_requeued(queue))
        return queue->aside.first->item;
    if (side->place.slot == side->place.segment->end && !weir__front_enter_next_segment(queue))
        return WEIR__EMPTY;
    return weir__ptr_load_acquire(side->place.slot);
}

/* Q2 */
static inline void weir__front_count(weir__side *consumers) {
    weir__u64_store_release(&consumers->index, weir__u64_load_relaxed(&consumers->index) + 1);
}

/* Takes the item or sentinel of the next slot. */
static inline void weir__front_take_slot(weir__side *consumers) {
    weir__assert(weir__ptr_peek(consumers->place.slot) != WEIR__EMPTY); /* S1 */
    weir__front_count(consumers);
    weir__ptr_store_release(consumers->place.slot, WEIR__EMPTY);
    consumers->place.slot++;
}

/* Takes what weir__front_item returned. */
static inline void weir__front_take(weir_queue *queue) {
    if (weir__front_is_requeued(queue))
        weir__front_take_requeued(queue);
    else
        weir__front_take_slot(&queue->consumers);
}

#endif /* WEIR_CLOSABLE_QUEUE_FRONT_H */
