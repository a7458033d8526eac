/*
 * chunk.h - Declares chunks: memory for structures that grow and shrink in steps.
 *
 * After a burst, its chunks return to the system.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SYNC_CHUNK_H
#define WEIR_SYNC_CHUNK_H

#include <stddef.h>

/* The header of a chunk; owned by the allocator. */
typedef struct weir__chunk {
    void *block;
} weir__chunk;

/*
 * Allocates a chunk of `size` bytes (WEIR__CHUNK or WEIR__SLAB), aligned to WEIR__APART and uninitialised after its
 * header. Returns NULL if out of memory. The caller frees it with weir__chunk_free. Thread-safe.
 */
weir__chunk *weir__chunk_alloc(size_t size);

/* Frees a chunk. NULL does nothing. Thread-safe. */
void weir__chunk_free(weir__chunk *chunk);

#endif /* WEIR_SYNC_CHUNK_H */
