/*
 * segment.c - see segment.h.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "closable_queue/segment.h"

char weir__slot_empty;
char weir__slot_sentinel;

weir__segment *weir__segment_create(size_t slots) {
    weir__segment *segment = weir__alloc(sizeof *segment + slots * sizeof segment->slots[0]);
    if (segment == NULL)
        return NULL;
    segment->end = segment->slots + slots;
    for (weir__slot *slot = segment->slots; slot < segment->end; slot++)
        weir__ptr_store_relaxed(slot, WEIR__EMPTY); /* whoever publishes the segment releases it */
    return segment;
}
