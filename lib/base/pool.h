/*
 * pool.h - cells of one size, used again and again.
 *
 * Items are enveloped in one thread and done with in another, all the time: what the allocator is slowest at. A worker
 * has a cache of its own, and changes half of it for the pool's at a time.
 *
 * The pool has its cells in slabs: J. Bonwick, "The Slab Allocator: An Object-Caching Kernel Memory Allocator", USENIX
 * Summer 1994. A slab of which no cell is in use is kept for later, but only so many; more go back.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_BASE_POOL_H
#define WEIR_BASE_POOL_H

#include "lock/lock.h"
#include "sync/sync.h"

/* The bytes of a cell. */
enum { WEIR__CELL = 128 };

typedef struct weir__slab weir__slab;

/* What a cell ends with is the pool's; the rest is the user's while it is in use. */
typedef struct weir__cell {
    struct weir__cell *next;
    char content[WEIR__CELL - sizeof(struct weir__cell *) - sizeof(weir__slab *)];
    weir__slab *slab;
} weir__cell;

enum { WEIR__CELL_CONTENT = offsetof(weir__cell, slab) };

struct weir__slab {
    weir__chunk chunk;
    weir__slab *next, *before;
    weir__cell *cells;      /* that were in use, and are not */
    unsigned used, touched; /* cells in use; cells that ever were */
    _Alignas(WEIR__APART) weir__cell all[];
};

/* Zero is an empty pool. All under the lock. */
typedef struct weir__pool {
    weir__lock lock;
    weir__slab *usable; /* slabs with cells in use and others that are not */
    weir__slab *unused;
    size_t unused_count; /* WEIR__POOL cells at most */
} weir__pool;

/* One thread's. */
typedef struct weir__cache {
    size_t count;
    weir__cell *cells[WEIR__CACHE];
} weir__cache;

/*
 * A cell of WEIR__CELL_CONTENT bytes, with anything in it, at an address that is a multiple of WEIR__APART; NULL: out
 * of memory. No cache: NULL.
 */
void *weir__pool_take(weir__pool *pool, weir__cache *cache);
void weir__pool_give(weir__pool *pool, weir__cache *cache, void *cell);

/* Gives what is in the cache to the pool; frees all memory of the pool, of which no cell is in use. */
void weir__cache_empty(weir__pool *pool, weir__cache *cache);
void weir__pool_empty(weir__pool *pool);

#endif /* WEIR_BASE_POOL_H */
