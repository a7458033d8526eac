/*
 * pool.c - cells of one size.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/pool.h"

static void *pop_locked(weir__pool *pool) {
    weir__cell *cell = pool->cells;
    if (cell == NULL)
        return NULL;
    pool->cells = cell->next;
    pool->count--;
    return cell;
}

/* One from the pool, and half a cache more. */
static void *take_from_pool(weir__pool *pool, weir__cache *cache) {
    weir__lock_acquire(&pool->lock);
    void *cell = pop_locked(pool), *more;
    while (cache != NULL && cache->count < WEIR__CACHE / 2 && (more = pop_locked(pool)) != NULL)
        cache->cells[cache->count++] = more;
    weir__lock_release(&pool->lock);
    return cell;
}

void *weir__pool_take(weir__pool *pool, weir__cache *cache) {
    if (cache != NULL && cache->count > 0)
        return cache->cells[--cache->count];
    void *cell = take_from_pool(pool, cache);
    return cell != NULL ? cell : weir__alloc(WEIR__CELL);
}

/* False: the pool has enough. */
static bool push_locked(weir__pool *pool, weir__cell *cell) {
    if (pool->count >= WEIR__POOL)
        return false;
    cell->next = pool->cells;
    pool->cells = cell;
    pool->count++;
    return true;
}

static void give_to_pool(weir__pool *pool, void *const *cells, size_t count) {
    size_t kept = 0;
    weir__lock_acquire(&pool->lock);
    while (kept < count && push_locked(pool, cells[kept]))
        kept++;
    weir__lock_release(&pool->lock);
    while (kept < count)
        weir__free(cells[kept++]);
}

void weir__pool_give(weir__pool *pool, weir__cache *cache, void *cell) {
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

void weir__cache_empty(weir__cache *cache) {
    while (cache->count > 0)
        weir__free(cache->cells[--cache->count]);
}

void weir__pool_empty(weir__pool *pool) {
    for (void *cell; (cell = pop_locked(pool)) != NULL;)
        weir__free(cell);
}
