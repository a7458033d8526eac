/*
 * chunk.h - memory for what grows and shrinks piece by piece: a burst's goes back to the system when the burst is over.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SYNC_CHUNK_H
#define WEIR_SYNC_CHUNK_H

#include <stddef.h>

/* What a chunk begins with: its allocator's. */
typedef struct weir__chunk {
    void *block;
} weir__chunk;

/*
 * A chunk of `size` bytes, WEIR__CHUNK or WEIR__SLAB, on a multiple of WEIR__APART, with anything in it behind its head;
 * NULL: there is no memory. Freed with weir__chunk_free. Any thread.
 */
weir__chunk *weir__chunk_alloc(size_t size);

/* NULL is allowed. */
void weir__chunk_free(weir__chunk *chunk);

#endif /* WEIR_SYNC_CHUNK_H */
