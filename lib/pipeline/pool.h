/*
 * pool.h - cells of one size, used again and again.
 *
 * Items are enveloped in one thread and done with in another, all the time: what the allocator is slowest at. A worker
 * has a cache of its own, and changes half of it for the pool's at a time.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_POOL_H
#define WEIR_PIPELINE_POOL_H

#include "lock/lock.h"
#include "sync/sync.h"

/* The bytes of a cell. A cache has WEIR__CACHE at most, and a pool WEIR__POOL, so that a peak's memory goes back. */
enum { WEIR__CELL = 128 };

typedef struct weir__cell {
    struct weir__cell *next;
} weir__cell;

typedef struct weir__pool {
    weir__lock lock;
    weir__cell *cells;
    size_t count;
} weir__pool;

/* One thread's. */
typedef struct weir__cache {
    size_t count;
    void *cells[WEIR__CACHE];
} weir__cache;

/* A cell, with whatever was in it, at an address that is a multiple of its size; NULL: out of memory. No cache: NULL. */
void *weir__pool_take(weir__pool *pool, weir__cache *cache);
void weir__pool_give(weir__pool *pool, weir__cache *cache, void *cell);

/* Frees what is in the cache, and in the pool. */
void weir__cache_empty(weir__cache *cache);
void weir__pool_empty(weir__pool *pool);

#endif /* WEIR_PIPELINE_POOL_H */
