/*
 * memory.h - allocation.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SYNC_MEMORY_H
#define WEIR_SYNC_MEMORY_H

#include <stddef.h>

/* What two threads write at the same time is kept this far apart: a cache line, and the one prefetched with it. */
#define WEIR__APART 128

/* The bytes of a good chunk for what grows piece by piece, and of a slab of cells (sync/chunk.h): a page. */
#define WEIR__CHUNK 4096
#define WEIR__SLAB 4096

/* Cells of one size that a thread keeps for later, and that a pool keeps (base/pool.h). */
#define WEIR__CACHE 32
#define WEIR__POOL 4096

/* The buckets of a histogram (measure/histogram.h): for times up to 2^40 ns, which is 18 minutes. */
#define WEIR__HISTOGRAM_BUCKETS ((40 - 4 + 2) * 16)

/*
 * Memory that is zero and lies on a multiple of WEIR__APART; NULL: there is none. Freed with weir__free. `size` is at
 * most SIZE_MAX - WEIR__CHUNK.
 */
void *weir__alloc(size_t size);

/* NULL is allowed. */
void weir__free(void *memory);

#endif /* WEIR_SYNC_MEMORY_H */
