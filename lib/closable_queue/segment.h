/*
 * segment.h - Implements segments: the slots that hold a queue's items. Takes no lock.
 *
 * State. A slot holds an item or one of two addresses private to the library: EMPTY or SENTINEL. So a slot itself
 * shows whether it is empty, and a side that looks at it need not know the position of the other side.
 *
 * A bounded queue has one segment, a ring: its next is itself. An unbounded queue has a chain of segments. The
 * producers append segments, the consumers remove them. One removed segment is kept as a spare, so a queue of roughly
 * constant size does not allocate. The others are freed: they are chunks (sync/chunk.h), which go back to the system.
 *
 * Invariants.
 *
 * N1  Only the producers' side changes a slot from EMPTY to an item or SENTINEL, and only the consumers' side changes
 *     it back. Both stores are releases. Each side loads the slot with acquire before it changes it, so the release
 *     of one side pairs with the acquire of the other. The consumer that gets an item sees everything that its
 *     producer did before the put. A consumer's read of a slot happens before the slot is filled again.
 * N2  The producers' side sets a segment's next once: when the last slot is filled and another item is put. After
 *     that store (a release) it never touches the segment again. The consumers' side loads next with acquire. It may
 *     free the segment once it has emptied the last slot.
 *
 * Lock order and wakeups: see queue.h. Each side changes its end of the segments under its own lock.
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
    weir__ptr next; /* struct weir__segment *; NULL: this is the last segment */
    weir__slot *end;
    weir__slot slots[];
} weir__segment;

/* A place in a chain of segments. slot == segment->end denotes the first slot of the next segment. */
typedef struct weir__place {
    weir__segment *segment;
    weir__slot *slot;
} weir__place;

/* The addresses of these two distinct objects are the reserved values of a slot. */
extern char weir__slot_empty;
extern char weir__slot_sentinel;

#define WEIR__EMPTY ((void *)&weir__slot_empty)
#define WEIR__SENTINEL ((void *)&weir__slot_sentinel)

static inline bool weir__slot_is_reserved(const void *item) {
    return item == WEIR__EMPTY || item == WEIR__SENTINEL;
}

/* The maximum number of slots of a ring: its size in bytes must fit in a size_t. */
#define WEIR__SEGMENT_MOST ((SIZE_MAX - 2 * (size_t)WEIR__CHUNK) / sizeof(weir__slot))

/* The number of slots of an unbounded queue's segment, which fills a chunk together with its header. */
enum { WEIR__SEGMENT_SLOTS = (WEIR__CHUNK - sizeof(weir__segment)) / sizeof(weir__slot) };

/*
 * Allocates a ring of `slots` empty slots, at most WEIR__SEGMENT_MOST. Its next is NULL. Returns NULL if out of
 * memory.
 */
weir__segment *weir__segment_create_ring(size_t slots);
void weir__segment_free_ring(weir__segment *ring);

/* The same for a chain, with WEIR__SEGMENT_SLOTS slots. weir__segment_free accepts NULL. */
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
