/*
 * pool.h - Allocates cells of one size from slabs, through a cache for each worker.
 *
 * An envelope is often allocated on one thread and freed on another, which general allocators do slowly. Each worker
 * has a cache of free cells. A worker exchanges half of its cache with the pool at a time.
 *
 * The pool divides slabs into cells: J. Bonwick, "The Slab Allocator: An Object-Caching Kernel Memory Allocator",
 * USENIX Summer 1994. A slab becomes unused when none of its cells is in use. The pool keeps a limited number of unused
 * slabs, and frees further ones.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_BASE_POOL_H
#define WEIR_BASE_POOL_H

#include "lock/lock.h"
#include "sync/sync.h"

/* Size of a cell, in bytes. */
enum { WEIR__CELL = 128 };

typedef struct weir__slab weir__slab;

/* While a cell is in use, its last member belongs to the pool and its other bytes belong to the user. */
typedef struct weir__cell {
    struct weir__cell *next;
    char content[WEIR__CELL - sizeof(struct weir__cell *) - sizeof(weir__slab *)];
    weir__slab *slab;
} weir__cell;

enum { WEIR__CELL_CONTENT = offsetof(weir__cell, slab) };

struct weir__slab {
    weir__chunk chunk;
    weir__slab *next, *before;
    weir__cell *cells;      /* free cells that were in use before */
    unsigned used, touched; /* number of cells in use; number of cells ever in use */
    _Alignas(WEIR__APART) weir__cell all[];
};

/* Zero-initialised: an empty pool. The lock guards all other members. */
typedef struct weir__pool {
    weir__lock lock;
    weir__slab *usable; /* slabs with used cells and free cells */
    weir__slab *unused;
    size_t unused_count; /* number of unused slabs; their cells number at most WEIR__POOL */
} weir__pool;

/* Free cells of one thread. */
typedef struct weir__cache {
    size_t count;
    weir__cell *cells[WEIR__CACHE];
} weir__cache;

/*
 * Take returns a cell: WEIR__CELL_CONTENT uninitialised bytes, aligned to WEIR__APART. Take returns NULL if there is no
 * memory. Give returns a cell to the cache, or to the pool. `cache` is the calling thread's, or NULL.
 */
void *weir__pool_take(weir__pool *pool, weir__cache *cache);
void weir__pool_give(weir__pool *pool, weir__cache *cache, void *cell);

/*
 * The first returns all cells of the cache to the pool. The second frees all memory of the pool; no cell may be in use.
 */
void weir__cache_empty(weir__pool *pool, weir__cache *cache);
void weir__pool_empty(weir__pool *pool);

#endif /* WEIR_BASE_POOL_H */
