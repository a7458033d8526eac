/*
 * memory.h - Declares allocation, and the sizes of chunks, caches and histograms.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SYNC_MEMORY_H
#define WEIR_SYNC_MEMORY_H

#include <stddef.h>

/* Bytes between data that two threads write concurrently: a cache line, and the one prefetched with it. */
#define WEIR__APART 128

/* Bytes of a chunk of a growing structure, and of a slab of cells (sync/chunk.h): a page. */
#define WEIR__CHUNK 4096
#define WEIR__SLAB 4096

/* Number of cells of one size that a thread caches, and that a pool keeps (base/pool.h). */
#define WEIR__CACHE 32
#define WEIR__POOL 4096

/* Number of tasks in a bundle (executor/bundle.h). */
#define WEIR__PAIRS 16

/* Number of buckets of a histogram (measure/histogram.h). The last one begins at 31 * 2^36 ns, 35 minutes. */
#define WEIR__HISTOGRAM_BUCKETS ((40 - 4 + 2) * 16)

/*
 * Allocates zeroed memory, aligned to WEIR__APART. Returns NULL if out of memory. The caller frees it with weir__free.
 * `size` must be at most SIZE_MAX - WEIR__CHUNK.
 */
void *weir__alloc(size_t size);

/* Frees memory of weir__alloc. NULL does nothing. */
void weir__free(void *memory);

#endif /* WEIR_SYNC_MEMORY_H */
