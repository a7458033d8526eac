/*
 * arena.c - implements memory that is never reused within a run, so that every use after free is found, and checks
 * plain accesses.
 *
 * Two plain accesses to the same bytes, one of them a write, must be ordered by happens-before. Vector clocks are
 * compared as in C. Flanagan and S. Freund, "FastTrack", PLDI 2009, except that the clocks of reads are kept whole.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <string.h>

#include "explore.h"
#include "machine.h"
#include "sync/chunk.h"
#include "sync/memory.h"

enum { BLOCKS = 512 };

struct block {
    char *from, *to;
    bool live, scratch;
};

struct shadow {
    unsigned run; /* not the present run: no access yet */
    int writer;
    uint32_t written;
    uint32_t read[SCHED_THREADS];
};

static _Alignas(WEIR__APART) char arena[ARENA_SIZE];
static size_t used;
static struct block blocks[BLOCKS];
static int block_count;
static uint16_t by_line[ARENA_SIZE / WEIR__APART]; /* the block of each line of allocated memory */
static struct shadow shadows[ARENA_SIZE / ARENA_GRAIN];
static struct {
    unsigned countdown;
    bool on;
} fault;

void arena_begin(void) {
    used = 0;
    block_count = 0;
}

bool arena_holds(const void *at) {
    return (const char *)at >= arena && (const char *)at < arena + ARENA_SIZE;
}

size_t arena_offset(const void *at) {
    return (size_t)((const char *)at - arena);
}

size_t arena_left(void) {
    size_t left = 0;
    for (int i = 0; i < block_count; i++) {
        if (blocks[i].live && !blocks[i].scratch)
            left += (size_t)(blocks[i].to - blocks[i].from);
    }
    return left;
}

static struct block *block_of(const void *at) {
    size_t offset = arena_offset(at);
    return offset < used ? &blocks[by_line[offset / WEIR__APART]] : NULL;
}

void arena_check_alive(const void *at, const char *what) {
    if (!arena_holds(at))
        return;
    const struct block *block = block_of(at);
    if (block == NULL)
        machine_fail("%s memory that was never allocated", what);
    if (!block->live)
        machine_fail("%s memory that was freed, %d bytes into a block of %d", what,
                     (int)((const char *)at - block->from), (int)(block->to - block->from));
}

static void *allocate(size_t size, bool scratch) {
    size_t rounded = (size + WEIR__APART - 1) / WEIR__APART * WEIR__APART;
    if (size > ARENA_SIZE || used + rounded > ARENA_SIZE)
        return NULL;
    if (block_count == BLOCKS)
        machine_fail("more than %d allocations", BLOCKS);
    char *from = arena + used;
    for (size_t line = used / WEIR__APART; line < (used + rounded) / WEIR__APART; line++)
        by_line[line] = (uint16_t)block_count;
    used += rounded;
    blocks[block_count++] = (struct block){.from = from, .to = from + rounded, .live = true, .scratch = scratch};
    memset(from, 0, rounded);
    return from;
}

void sched_fail_allocation(unsigned n, bool on) {
    fault.countdown = n;
    fault.on = on;
}

static bool fault_due(void) {
    if (fault.countdown == 0 || --fault.countdown > 0)
        return false;
    if (fault.on)
        fault.countdown = 1;
    return true;
}

void *weir__alloc(size_t size) {
    return fault_due() ? NULL : allocate(size, false);
}

weir__chunk *weir__chunk_alloc(size_t size) {
    return weir__alloc(size);
}

void weir__chunk_free(weir__chunk *chunk) {
    weir__free(chunk);
}

void *sched_scratch(size_t size) {
    void *memory = allocate(size, true);
    if (memory == NULL)
        machine_fail("the arena is too small");
    return memory;
}

/* ---- plain accesses ---- */

static struct shadow *shadow_of(const void *at) {
    struct shadow *shadow = &shadows[arena_offset(at) / ARENA_GRAIN];
    if (shadow->run != machine.run) {
        memset(shadow, 0, sizeof *shadow);
        shadow->run = machine.run;
    }
    return shadow;
}

static _Noreturn void fail_race(const void *at, const char *what, int other) {
    const struct block *block = block_of(at);
    machine_fail("data race: %s at offset %d of a block of %d bytes, against thread %d", what,
                 (int)((const char *)at - block->from), (int)(block->to - block->from), other);
}

static void check_read(const void *at) {
    struct shadow *shadow = shadow_of(at);
    const struct vector *clock = memory_clock();
    int self = machine.self;
    if (shadow->written > clock->of[shadow->writer])
        fail_race(at, "read", shadow->writer);
    shadow->read[self] = clock->of[self];
}

static void check_write(const void *at) {
    struct shadow *shadow = shadow_of(at);
    const struct vector *clock = memory_clock();
    int self = machine.self;
    if (shadow->written > clock->of[shadow->writer])
        fail_race(at, "write", shadow->writer);
    bool raced = false;
    for (int t = 0; t < SCHED_THREADS; t++)
        raced |= shadow->read[t] > clock->of[t];
    for (int t = 0; raced && t < SCHED_THREADS; t++) {
        if (shadow->read[t] > clock->of[t])
            fail_race(at, "write", t);
    }
    shadow->writer = self;
    shadow->written = clock->of[self];
}

void arena_plain(const void *at, size_t size, bool write) {
    if (!arena_holds(at))
        return;
    machine.accesses++;
    arena_check_alive(at, write ? "write to" : "read of");
    const char *from = (const char *)((uintptr_t)at / ARENA_GRAIN * ARENA_GRAIN);
    for (const char *grain = from; grain < (const char *)at + size; grain += ARENA_GRAIN) {
        if (write)
            check_write(grain);
        else
            check_read(grain);
    }
}

void weir__free(void *memory) {
    if (memory == NULL)
        return;
    arena_check_alive(memory, "free of");
    struct block *block = block_of(memory);
    if (block->from != memory)
        machine_fail("free of the inside of a block");
    memory_check_free(block->from, block->to);
    for (const char *grain = block->from; grain < block->to; grain += ARENA_GRAIN) {
        if (shadows[arena_offset(grain) / ARENA_GRAIN].run == machine.run)
            check_write(grain);
    }
    block->live = false;
}

void sched_plain_write(uint64_t *at, uint64_t value) {
    arena_plain(at, sizeof *at, true);
    *at = value;
}

uint64_t sched_plain_read(const uint64_t *at) {
    arena_plain(at, sizeof *at, false);
    return *at;
}
