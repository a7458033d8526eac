/*
 * memory.h - the seam's allocation over the scheduler's arena. See lib/sync/memory.h.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SYNC_MEMORY_H
#define WEIR_SYNC_MEMORY_H

#include <stddef.h>

/* The size of two items. */
#define WEIR__APART 16

/* Small, so that a schedule of a few items goes through several segments, of two slots each, and slabs, of one cell. */
#define WEIR__CHUNK 40
#define WEIR__SLAB 256

/* Few, so that most cells are freed at once and a later use of them is found. */
#define WEIR__CACHE 2
#define WEIR__POOL 1

/* Two, so that a few tasks go through several bundles. */
#define WEIR__PAIRS 2

/* One, so that a report reads few places. */
#define WEIR__HISTOGRAM_BUCKETS 1

void *weir__alloc(size_t size);
void weir__free(void *memory);

#endif /* WEIR_SYNC_MEMORY_H */
