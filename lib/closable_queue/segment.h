/*
 * segment.h - where a queue keeps its items: slots in segments. It knows no locks.
 *
 * A slot holds an item or one of two addresses that are private to the library: EMPTY, or SENTINEL. So a slot says by
 * itself whether it is empty, and the side that looks at it need not know where the other side is.
 *
 * A bounded queue has one segment, whose next is itself: a ring. An unbounded one has a chain of segments, to which the
 * producers append and from which the consumers take away; one segment that was taken away is kept as a spare, so that
 * a queue that stays about as full as it is does not allocate. The others are chunks, which go back to the system.
 *
 * S1  A slot goes from EMPTY to an item or SENTINEL by the producers' side only, and back by the consumers' side only.
 *     Both stores are releases, and each side's look at the slot is an acquire: the release of the one pairs with the
 *     acquire of the other. What a producer did before its put is seen by who gets the item, and what a consumer has
 *     read out of a slot it has read before the slot is filled again.
 * S2  A segment's next is set once, by the producers' side, when its last slot is filled and another item is to be put;
 *     after that store (a release) the producers never touch the segment again. The consumers' side, which loads next
 *     with acquire, may then free it when it has emptied the last slot.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_CLOSABLE_QUEUE_SEGMENT_H
#define WEIR_CLOSABLE_QUEUE_SEGMENT_H

#include <stddef.h>

#include "sync/sync.h"

typedef weir__ptr weir__slot;

typedef struct weir__segment {
    weir__chunk chunk;
    weir__ptr next; /* struct weir__segment *; NULL: this is the last one */
    weir__slot *end;
    weir__slot slots[];
} weir__segment;

/* A place in a chain of segments; slot == segment->end means: the first slot of the next segment. */
typedef struct weir__place {
    weir__segment *segment;
    weir__slot *slot;
} weir__place;

/* Their addresses are the two reserved values of a slot. Distinct objects, so distinct addresses. */
extern char weir__slot_empty;
extern char weir__slot_sentinel;

#define WEIR__EMPTY ((void *)&weir__slot_empty)
#define WEIR__SENTINEL ((void *)&weir__slot_sentinel)

static inline bool weir__slot_is_reserved(const void *item) {
    return item == WEIR__EMPTY || item == WEIR__SENTINEL;
}

/* The most slots whose size in bytes can be told. */
#define WEIR__SEGMENT_MOST ((SIZE_MAX - 2 * (size_t)WEIR__CHUNK) / sizeof(weir__slot))

/* How many slots an unbounded queue's segment has: with its head it fills a chunk. */
enum { WEIR__SEGMENT_SLOTS = (WEIR__CHUNK - sizeof(weir__segment)) / sizeof(weir__slot) };

/* A ring of `slots` empty slots (at most WEIR__SEGMENT_MOST) whose next is NULL; NULL: out of memory. */
weir__segment *weir__segment_create_ring(size_t slots);
void weir__segment_free_ring(weir__segment *ring);

/* The same of WEIR__SEGMENT_SLOTS, for a chain; of it NULL may be freed. */
weir__segment *weir__segment_create(void);
void weir__segment_free(weir__segment *segment);

static inline weir__segment *weir__segment_next(const weir__segment *segment) {
    return weir__ptr_load_acquire(&segment->next);
}

static inline void weir__segment_link(weir__segment *segment, weir__segment *next) {
    weir__ptr_store_release(&segment->next, next);
}

static inline weir__place weir__segment_begin(weir__segment *segment) {
    return (weir__place){.segment = segment, .slot = segment->slots};
}

#endif /* WEIR_CLOSABLE_QUEUE_SEGMENT_H */
