/*
 * chunk_blocks.c - chunks out of blocks, which go back to the system.
 *
 * An allocator gives the system only what lies at the end of its heap, or what was asked for in one large piece: pages
 * between others, of which a burst leaves thousands, stay with the process. So chunks are pages in blocks of 64. When
 * the last chunk of a block is freed the system is told that its pages hold nothing any more, and the block is freed:
 * whatever the allocator does with it then, it takes no memory. One block without chunks is kept, so that the next
 * chunk does not cost a block; a burst beyond that costs one call of the system for each block, 64 chunks.
 *
 * B1  All is under the mutex. Blocks with free chunks, but for the one that is kept, are in the list.
 * B2  A chunk that was never given out has not been touched: a new block takes no memory yet.
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

/* Lies behind its chunks. */
struct block {
    struct block *next, *before;
    struct free_chunk *freed;
    unsigned used, touched; /* chunks that are given out; that ever were */
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

/* Whole pages, which may be larger than a chunk: the system takes back no part of one. */
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
    (void)madvise(chunks, BYTES, MADV_DONTNEED); /* a system that refuses keeps the pages for longer */
    free(chunks);
}

/* One with a free chunk, in the list; NULL: out of memory. */
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

/* Returns the block if it is not needed any more. */
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
