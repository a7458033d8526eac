/*
 * test_chunk_blocks.c - the chunks of lib/sync/chunk_blocks.c: the memory of a burst returns to the system.
 *
 * Linked with the library's internals, and --wrap for posix_memalign, madvise and sysconf.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline_support.h"

#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mix.h"
#include "sync/chunk.h"
#include "sync/memory.h"

/* ---- blocks ---- */

enum { CHUNKS = 64 }; /* per block */

static atomic_size_t blocks_taken, blocks_given_back;
static atomic_bool out_of_memory;
static atomic_size_t alignment_asked;
static atomic_long page_size; /* 0: the system's */

int __real_posix_memalign(void **memory, size_t alignment, size_t size);
int __wrap_posix_memalign(void **memory, size_t alignment, size_t size);
int __real_madvise(void *from, size_t size, int advice);
int __wrap_madvise(void *from, size_t size, int advice);

int __wrap_posix_memalign(void **memory, size_t alignment, size_t size) {
    if (atomic_load(&out_of_memory))
        return ENOMEM;
    atomic_fetch_add(&blocks_taken, 1);
    atomic_store(&alignment_asked, alignment);
    return __real_posix_memalign(memory, alignment, size);
}

int __wrap_madvise(void *from, size_t size, int advice) {
    atomic_fetch_add(&blocks_given_back, 1);
    return __real_madvise(from, size, advice);
}

long __real_sysconf(int name);
long __wrap_sysconf(int name);

/* A linked sanitizer calls this too, before it is initialized. */
#if defined(__clang__)
__attribute__((disable_sanitizer_instrumentation))
#endif
long __wrap_sysconf(int name) {
    long told = name == _SC_PAGESIZE ? atomic_load(&page_size) : 0;
    return told > 0 ? told : __real_sysconf(name);
}

static size_t blocks(void) {
    return atomic_load(&blocks_taken) - atomic_load(&blocks_given_back);
}

enum { MANY = 3000 };

struct page {
    weir__chunk chunk;
    size_t words[(WEIR__CHUNK - sizeof(weir__chunk)) / sizeof(size_t)];
};

static void fill(struct page *page, size_t word) {
    for (size_t i = 0; i < COUNT_OF(page->words); i++)
        page->words[i] = word;
}

static struct page *new_page(size_t word) {
    struct page *page = (struct page *)weir__chunk_alloc(WEIR__CHUNK);
    ck_assert_ptr_nonnull(page);
    ck_assert_uint_eq((uintptr_t)page % WEIR__APART, 0);
    fill(page, word);
    return page;
}

static void free_page(struct page *page, size_t word) {
    ck_assert_uint_eq(page->words[0], word);
    ck_assert_uint_eq(page->words[COUNT_OF(page->words) - 1], word);
    weir__chunk_free(&page->chunk);
}

START_TEST (chunks_are_apart_in_any_order) {
    static struct page *pages[MANY];
    uint64_t state = (uint64_t)_i;
    for (int step = 0; step < 20 * MANY; step++) {
        size_t at = (size_t)weir__mix(++state) % MANY;
        if (pages[at] == NULL) {
            pages[at] = new_page(at);
        } else {
            free_page(pages[at], at);
            pages[at] = NULL;
        }
    }
    for (size_t i = 0; i < MANY; i++) {
        if (pages[i] != NULL)
            free_page(pages[i], i);
    }
    ck_assert_uint_eq(blocks(), 1);
}
END_TEST

START_TEST (blocks_are_as_many_as_the_chunks_need_and_one_is_kept) {
    static struct page *pages[MANY];
    for (size_t i = 0; i < MANY; i++) {
        pages[i] = new_page(i);
        ck_assert_uint_eq(blocks(), i / CHUNKS + 1);
    }
    for (size_t i = 0; i < MANY; i++) {
        size_t left = MANY - 1 - i, whole = (i + 1) / CHUNKS;
        free_page(pages[i], i);
        ck_assert_uint_le(blocks(), (MANY - 1) / CHUNKS + 2 - whole);
        ck_assert_uint_ge(blocks() * CHUNKS, left);
    }
    ck_assert_uint_eq(blocks(), 1);
}
END_TEST

START_TEST (a_chunk_now_and_then_takes_one_block) {
    free_page(new_page(0), 0);
    size_t taken = atomic_load(&blocks_taken);
    for (size_t i = 0; i < MANY; i++)
        free_page(new_page(i), i);
    ck_assert_uint_eq(atomic_load(&blocks_taken), taken);
    ck_assert_uint_eq(blocks(), 1);
}
END_TEST

START_TEST (without_memory_there_is_no_chunk_and_later_there_is) {
    atomic_store(&out_of_memory, true);
    ck_assert_ptr_null(weir__chunk_alloc(WEIR__CHUNK));
    weir_queue *queue = NULL;
    assert_status(WEIR_NOMEM, weir_queue_create(&queue, WEIR_UNBOUNDED));
    atomic_store(&out_of_memory, false);
    free_page(new_page(1), 1);
    weir__chunk_free(NULL);
}
END_TEST

static void *alloc_and_free(void *raw) {
    struct page *pages[100] = {NULL};
    uint64_t state = (uint64_t)(uintptr_t)raw << 32;
    for (int step = 0; step < 20000; step++) {
        size_t at = (size_t)weir__mix(++state) % COUNT_OF(pages);
        bool has = pages[at] != NULL;
        if (has)
            free_page(pages[at], (uintptr_t)raw + at);
        pages[at] = has ? NULL : new_page((uintptr_t)raw + at);
    }
    for (size_t at = 0; at < COUNT_OF(pages); at++) {
        if (pages[at] != NULL)
            free_page(pages[at], (uintptr_t)raw + at);
    }
    return NULL;
}

START_TEST (threads_get_chunks_of_their_own) {
    pthread_t threads[4];
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        thread_start(&threads[i], alloc_and_free, (void *)(1000 * (i + 1)));
    for (size_t i = 0; i < COUNT_OF(threads); i++)
        thread_join(threads[i]);
    ck_assert_uint_eq(blocks(), 1);
}
END_TEST

/* ---- bursts ---- */

enum { BURST = 1000000 };

/* Returns the resident bytes; 0 if the system does not report them. */
static size_t resident(void) {
    FILE *file = fopen("/proc/self/statm", "r");
    size_t all, pages = 0;
    if (file == NULL)
        return 0;
    if (fscanf(file, "%zu %zu", &all, &pages) != 2)
        pages = 0;
    fclose(file);
    return pages * (size_t)sysconf(_SC_PAGESIZE);
}

START_TEST (a_queue_gives_a_bursts_memory_back_to_the_system) {
    weir_queue *queue = new_queue(WEIR_UNBOUNDED);
    size_t before = resident();
    put_numbers(queue, 0, BURST);
    size_t full = resident();
    ck_assert(full == 0 || full >= before + BURST * sizeof(void *));
    take_numbers(queue, 0, BURST);
    ck_assert_msg(resident() <= before + (full - before) / 4, "%zu bytes before, %zu full, %zu empty", before, full,
                  resident());
    ck_assert_uint_le(blocks(), 2);
    assert_status(WEIR_OK, weir_queue_destroy(queue));
}
END_TEST

/* The pool keeps cells for 4,096 items, and each worker 32. */
START_TEST (a_pipeline_gives_a_bursts_memory_back_to_the_system) {
    enum { ITEMS = 300000 };
    struct gate gate = GATE;
    weir_pipeline *pipeline;
    assert_status(WEIR_OK, weir_pipeline_create(&pipeline, NULL));
    assert_status(WEIR_OK, weir_pipeline_add(pipeline, NULL,
                                             &(weir_stage_options){.name = "waits",
                                                                   .work.run = run_pass_gate,
                                                                   .work.arg = &gate,
                                                                   .threads.count = 4,
                                                                   .input.capacity = ITEMS}));
    assert_status(WEIR_OK, weir_pipeline_start(pipeline));
    size_t before = resident(), most = blocks() + (ITEMS * 136 / WEIR__CHUNK + 1) / CHUNKS + 1;
    for (size_t i = 0; i < ITEMS; i++)
        assert_status(WEIR_OK, weir_pipeline_put(pipeline, NULL));
    size_t full = resident();
    ck_assert_uint_le(blocks(), most);
    gate_open(&gate);
    wait_until_empty(pipeline);
    ck_assert_msg(resident() <= before + (full - before) / 4, "%zu bytes before, %zu full, %zu empty", before, full,
                  resident());
    ck_assert_uint_le(blocks(), 16);
    assert_status(WEIR_OK, weir_pipeline_finish(pipeline, WEIR_NEVER, NULL));
    assert_status(WEIR_OK, weir_pipeline_destroy(pipeline));
    ck_assert_uint_eq(blocks(), 1);
}
END_TEST

START_TEST (a_block_is_whole_pages_of_the_system) {
    static const long sizes[] = {4096, 16384, 65536};
    struct page *pages[CHUNKS + 1]; /* exceeds the one block that may be kept */
    atomic_store(&page_size, sizes[_i]);
    for (size_t i = 0; i < COUNT_OF(pages); i++)
        pages[i] = new_page(i);
    atomic_store(&page_size, 0);
    ck_assert_uint_eq(atomic_load(&alignment_asked), (size_t)sizes[_i]);
    for (size_t i = 0; i < COUNT_OF(pages); i++)
        free_page(pages[i], i);
}
END_TEST

static Suite *chunks_suite(void) {
    Suite *suite = suite_create("chunks in blocks");
    TCase *chunks = add_case(suite, "blocks");
    tcase_add_loop_test(chunks, chunks_are_apart_in_any_order, 0, 3);
    tcase_add_test(chunks, blocks_are_as_many_as_the_chunks_need_and_one_is_kept);
    tcase_add_loop_test(chunks, a_block_is_whole_pages_of_the_system, 0, 3);
    tcase_add_test(chunks, a_chunk_now_and_then_takes_one_block);
    tcase_add_test(chunks, without_memory_there_is_no_chunk_and_later_there_is);
    tcase_add_test(chunks, threads_get_chunks_of_their_own);
    TCase *bursts = add_case(suite, "bursts");
    tcase_add_test(bursts, a_queue_gives_a_bursts_memory_back_to_the_system);
    tcase_add_test(bursts, a_pipeline_gives_a_bursts_memory_back_to_the_system);
    return suite;
}

int main(void) {
    return run_suite(chunks_suite());
}
