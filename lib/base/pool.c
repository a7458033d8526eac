/*
 * pool.c - Allocates cells of one size from slabs.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "base/pool.h"

enum { SLAB_CELLS = (WEIR__SLAB - sizeof(weir__slab)) / sizeof(weir__cell), MOST_UNUSED = WEIR__POOL / SLAB_CELLS };

_Static_assert(sizeof(weir__cell) == WEIR__CELL, "a cell has no padding");
_Static_assert(SLAB_CELLS >= 1 && MOST_UNUSED >= 1, "a slab has cells, and one is kept");

static void link_usable_locked(weir__pool *pool, weir__slab *slab) {
    slab->before = NULL;
    slab->next = pool->usable;
    if (slab->next != NULL)
        slab->next->before = slab;
    pool->usable = slab;
}

static void unlink_usable_locked(weir__pool *pool, weir__slab *slab) {
    if (slab->next != NULL)
        slab->next->before = slab->before;
    if (slab->before != NULL)
        slab->before->next = slab->next;
    else
        pool->usable = slab->next;
}

/* Returns a usable slab; takes an unused slab if there is none. Returns NULL if all cells are in use. */
static weir__slab *usable_locked(weir__pool *pool) {
    weir__slab *slab = pool->unused;
    if (pool->usable != NULL || slab == NULL)
        return pool->usable;
    pool->unused = slab->next;
    pool->unused_count--;
    link_usable_locked(pool, slab);
    return slab;
}

static weir__cell *pop_locked(weir__pool *pool) {
    weir__slab *slab = usable_locked(pool);
    if (slab == NULL)
        return NULL;
    weir__cell *cell = slab->cells;
    if (cell != NULL)
        slab->cells = cell->next;
    else
        cell = &slab->all[slab->touched++];
    cell->slab = slab;
    if (++slab->used == SLAB_CELLS)
        unlink_usable_locked(pool, slab);
    return cell;
}

/* Takes a cell from the pool, and fills the cache to its half. Returns NULL if all cells are in use. */
static weir__cell *take_locked(weir__pool *pool, weir__cache *cache) {
    weir__cell *cell = pop_locked(pool), *more;
    while (cache != NULL && cache->count < WEIR__CACHE / 2 && (more = pop_locked(pool)) != NULL)
        cache->cells[cache->count++] = more;
    return cell;
}

static weir__slab *new_slab(void) {
    weir__slab *slab = (weir__slab *)weir__chunk_alloc(WEIR__SLAB);
    if (slab != NULL) {
        slab->cells = NULL;
        slab->used = slab->touched = 0;
    }
    return slab;
}

/* Adds a slab to the pool, and takes a cell as take_locked does. Returns NULL if there is no memory. */
static weir__cell *take_with_more(weir__pool *pool, weir__cache *cache) {
    weir__slab *slab = new_slab();
    if (slab == NULL)
        return NULL;
    weir__lock_acquire(&pool->lock);
    link_usable_locked(pool, slab);
    weir__cell *cell = take_locked(pool, cache);
    weir__lock_release(&pool->lock);
    return cell;
}

void *weir__pool_take(weir__pool *pool, weir__cache *cache) {
    if (cache != NULL && cache->count > 0)
        return cache->cells[--cache->count];
    weir__lock_acquire(&pool->lock);
    weir__cell *cell = take_locked(pool, cache);
    weir__lock_release(&pool->lock);
    return cell != NULL ? cell : take_with_more(pool, cache);
}

/*
 * Returns a cell to its slab. If the slab becomes unused and the pool keeps enough unused slabs, returns the slab: the
 * caller frees it. Otherwise returns NULL.
 */
static weir__slab *push_locked(weir__pool *pool, weir__cell *cell) {
    weir__slab *slab = cell->slab;
    cell->next = slab->cells;
    slab->cells = cell;
    if (slab->used-- == SLAB_CELLS)
        link_usable_locked(pool, slab);
    if (slab->used > 0)
        return NULL;
    unlink_usable_locked(pool, slab);
    if (pool->unused_count == MOST_UNUSED)
        return slab;
    slab->next = pool->unused;
    pool->unused = slab;
    pool->unused_count++;
    return NULL;
}

static void free_slabs(weir__slab *slab) {
    for (weir__slab *next; slab != NULL; slab = next) {
        next = slab->next;
        weir__chunk_free(&slab->chunk);
    }
}

static void give_to_pool(weir__pool *pool, weir__cell *const *cells, size_t count) {
    weir__slab *over = NULL, *slab;
    weir__lock_acquire(&pool->lock);
    for (size_t i = 0; i < count; i++) {
        if ((slab = push_locked(pool, cells[i])) != NULL) {
            slab->next = over;
            over = slab;
        }
    }
    weir__lock_release(&pool->lock);
    free_slabs(over);
}

void weir__pool_give(weir__pool *pool, weir__cache *cache, void *raw) {
    weir__cell *cell = raw;
    if (cache == NULL) {
        give_to_pool(pool, &cell, 1);
        return;
    }
    if (cache->count == WEIR__CACHE) {
        cache->count = WEIR__CACHE / 2;
        give_to_pool(pool, cache->cells + WEIR__CACHE / 2, WEIR__CACHE / 2);
    }
    cache->cells[cache->count++] = cell;
}

void weir__cache_empty(weir__pool *pool, weir__cache *cache) {
    give_to_pool(pool, cache->cells, cache->count);
    cache->count = 0;
}

void weir__pool_empty(weir__pool *pool) {
    free_slabs(pool->unused);
    pool->unused = NULL;
    pool->unused_count = 0;
}
