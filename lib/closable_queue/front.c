/*
 * front.c - Implements the front of the queue at the end of a segment and after a requeue (Q8). Elsewhere it is the
 * next slot: see front.h.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "closable_queue/front.h"

#include "closable_queue/delivery.h"
#include "closable_queue/segment.h"

/* Keeps an emptied segment as the spare, and frees the previous spare. */
static void retire(weir_queue *queue, weir__segment *segment) {
    weir__segment_link(segment, NULL);
    weir__segment_free(weir__ptr_exchange_acquire_release(&queue->spare, segment));
}

bool weir__front_enter_next_segment(weir_queue *queue) {
    weir__place *place = &queue->consumers.place;
    weir__segment *old = place->segment, *next = weir__segment_next(old);
    weir__assert(place->slot == old->end); /* S2 */
    if (next == NULL)
        return false;
    *place = weir__segment_begin(next);
    if (next != old)
        retire(queue, old);
    return true;
}

static void free_memory(weir__aside *aside) {
    while (aside->memory != NULL) {
        weir__returned *memory = aside->memory;
        aside->memory = memory->next;
        weir__free(memory);
    }
}

void weir__front_take_requeued(weir_queue *queue) {
    weir__side *side = &queue->consumers;
    weir__aside *aside = &queue->aside;
    weir__front_count(side);
    weir__assert(side->requeued > 0); /* Q8 */
    side->requeued--;
    weir__requeued *first = aside->first;
    aside->first = first->next;
    weir__assert((aside->first == NULL) == (side->requeued == 0)); /* Q8 */
    if (aside->first == NULL)
        free_memory(aside);
    if (queue->port != NULL)
        weir__delivery_take(queue, first);
}
