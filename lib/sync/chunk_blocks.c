/*
 * chunk_blocks.c - Implements chunks in blocks of 64, which return to the system.
 *
 * An allocator returns to the system only the end of its heap and large allocations. A burst leaves thousands of
 * single pages between live ones, and these pages stay with the process. Chunks therefore share blocks of 64. When the
 * last chunk of a block is freed, madvise releases the block's pages and the block is freed. These pages then take no
 * memory, wherever the allocator keeps them. One block without chunks is kept, so that the next chunk needs no new
 * block. A burst beyond it costs one system call per block of 64 chunks.
 *
 * State: a list of blocks with free chunks, and the kept block.
 *
 * B1  The mutex guards everything. A block is in the list exactly while it has a free chunk and is not the kept one.
 * B2  A chunk that was never allocated is untouched: the chunks of a new block take no memory yet.
 *
 * Lock order: the mutex is the innermost lock. It is held while a block is allocated, but not while one is freed.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "sync/chunk.h"
#include "sync/memory.h"

enum { CHUNKS = 64, BYTES = CHUNKS * WEIR__CHUNK };

_Static_assert(WEIR__SLAB == WEIR__CHUNK, "all chunks have one size");

struct free_chunk {
    weir__chunk chunk;
    struct free_chunk *next;
};

/* Stored after its chunks. */
struct block {
    struct block *next, *before;
    struct free_chunk *freed;
    unsigned used, touched; /* chunks in use; chunks ever allocated */
    char *chunks;
};

static struct {
    pthread_mutex_t mutex;
    struct block *first; /* B1 */
    struct block *kept;
} blocks = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static void link_locked(struct block *block) {
    block->before = NULL;
    block->next = blocks.first;
    if (block->next != NULL)
        block->next->before = block;
    blocks.first = block;
}

static void unlink_locked(struct block *block) {
    if (block->next != NULL)
        block->next->before = block->before;
    if (block->before != NULL)
        block->before->next = block->next;
    else
        blocks.first = block->next;
}

/* Returns a multiple of the page size, which may exceed a chunk: the system takes back only whole pages. */
static size_t alignment(void) {
    long page = sysconf(_SC_PAGESIZE);
    return page > WEIR__CHUNK ? (size_t)page : WEIR__CHUNK;
}

static struct block *new_block(void) {
    void *memory;
    if (posix_memalign(&memory, alignment(), BYTES + sizeof(struct block)) != 0)
        return NULL;
    struct block *block = (struct block *)((char *)memory + BYTES);
    *block = (struct block){.chunks = memory};
    return block;
}

static void free_block(struct block *block) {
    char *chunks = block->chunks;
    (void)madvise(chunks, BYTES, MADV_DONTNEED); /* if this fails, the pages stay for longer */
    free(chunks);
}

/* Returns a listed block with a free chunk; NULL if out of memory. */
static struct block *usable_block_locked(void) {
    if (blocks.first != NULL)
        return blocks.first;
    struct block *block = blocks.kept != NULL ? blocks.kept : new_block();
    blocks.kept = NULL;
    if (block != NULL)
        link_locked(block);
    return block;
}

static weir__chunk *take_locked(struct block *block) {
    struct free_chunk *taken = block->freed;
    if (taken != NULL)
        block->freed = taken->next;
    else
        taken = (struct free_chunk *)(block->chunks + (size_t)block->touched++ * WEIR__CHUNK);
    taken->chunk.block = block;
    if (++block->used == CHUNKS)
        unlink_locked(block);
    return &taken->chunk;
}

weir__chunk *weir__chunk_alloc(size_t size) {
    (void)size;
    pthread_mutex_lock(&blocks.mutex);
    struct block *block = usable_block_locked();
    weir__chunk *chunk = block == NULL ? NULL : take_locked(block);
    pthread_mutex_unlock(&blocks.mutex);
    return chunk;
}

/* Returns the block if the caller must free it, otherwise NULL. */
static struct block *give_locked(struct free_chunk *chunk) {
    struct block *block = chunk->chunk.block;
    chunk->next = block->freed;
    block->freed = chunk;
    if (block->used-- == CHUNKS)
        link_locked(block);
    if (block->used > 0)
        return NULL;
    unlink_locked(block);
    if (blocks.kept != NULL)
        return block;
    blocks.kept = block;
    return NULL;
}

void weir__chunk_free(weir__chunk *chunk) {
    if (chunk == NULL)
        return;
    pthread_mutex_lock(&blocks.mutex);
    struct block *over = give_locked((struct free_chunk *)chunk);
    pthread_mutex_unlock(&blocks.mutex);
    if (over != NULL)
        free_block(over);
}
