/*
 * segment.c - Implements segments. See segment.h.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "closable_queue/segment.h"

char weir__slot_empty;
char weir__slot_sentinel;

/* Initialises a segment. The store that publishes the segment releases these stores. */
static void begin(weir__segment *segment, size_t slots) {
    weir__ptr_store_relaxed(&segment->next, NULL);
    segment->end = segment->slots + slots;
    for (weir__slot *slot = segment->slots; slot < segment->end; slot++)
        weir__ptr_store_relaxed(slot, WEIR__EMPTY);
}

weir__segment *weir__segment_create_ring(size_t slots) {
    weir__segment *ring = weir__alloc(sizeof *ring + slots * sizeof ring->slots[0]);
    if (ring != NULL)
        begin(ring, slots);
    return ring;
}

void weir__segment_free_ring(weir__segment *ring) {
    weir__free(ring);
}

weir__segment *weir__segment_create(void) {
    weir__segment *segment = (weir__segment *)weir__chunk_alloc(WEIR__CHUNK);
    if (segment != NULL)
        begin(segment, WEIR__SEGMENT_SLOTS);
    return segment;
}

void weir__segment_free(weir__segment *segment) {
    weir__chunk_free((weir__chunk *)segment);
}
