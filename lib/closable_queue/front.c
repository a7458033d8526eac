/*
 * front.c - from one segment to the next, at the consumers' end.
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
