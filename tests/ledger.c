/*
 * ledger.c - see ledger.h.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "ledger.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "sync/chunk.h"

void *__real_aligned_alloc(size_t alignment, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
void __real_free(void *memory);
void __wrap_free(void *memory);
weir__chunk *__real_weir__chunk_alloc(size_t size);
weir__chunk *__wrap_weir__chunk_alloc(size_t size);
void __real_weir__chunk_free(weir__chunk *chunk);
void __wrap_weir__chunk_free(weir__chunk *chunk);

enum { PIECES = 4096 };

static struct {
    pthread_mutex_t mutex;
    void *addresses[PIECES];
    size_t sizes[PIECES];
    size_t pieces, bytes, calls;
    size_t fail_in; /* 0: none fails */
    bool ever_after;
} ledger = {.mutex = PTHREAD_MUTEX_INITIALIZER};

static bool fails_locked(void) {
    ledger.calls++;
    if (ledger.fail_in == 0)
        return false;
    if (ledger.fail_in > 1) {
        ledger.fail_in--;
        return false;
    }
    ledger.fail_in = ledger.ever_after ? 1 : 0;
    return true;
}

static void enter_locked(void *memory, size_t size) {
    for (size_t i = 0; i < PIECES; i++) {
        if (ledger.addresses[i] != NULL)
            continue;
        ledger.addresses[i] = memory;
        ledger.sizes[i] = size;
        ledger.pieces++;
        ledger.bytes += size;
        return;
    }
    abort(); /* too many live allocations for the ledger */
}

void *__wrap_aligned_alloc(size_t alignment, size_t size) {
    void *memory = NULL;
    pthread_mutex_lock(&ledger.mutex);
    if (!fails_locked())
        memory = __real_aligned_alloc(alignment, size);
    if (memory != NULL)
        enter_locked(memory, size);
    pthread_mutex_unlock(&ledger.mutex);
    return memory;
}

weir__chunk *__wrap_weir__chunk_alloc(size_t size) {
    weir__chunk *chunk = NULL;
    pthread_mutex_lock(&ledger.mutex);
    if (!fails_locked())
        chunk = __real_weir__chunk_alloc(size);
    if (chunk != NULL)
        enter_locked(chunk, size);
    pthread_mutex_unlock(&ledger.mutex);
    return chunk;
}

static void leave_locked(const void *memory) {
    for (size_t i = 0; memory != NULL && i < PIECES; i++) {
        if (ledger.addresses[i] != memory)
            continue;
        ledger.addresses[i] = NULL;
        ledger.pieces--;
        ledger.bytes -= ledger.sizes[i];
        return;
    }
}

void __wrap_free(void *memory) {
    pthread_mutex_lock(&ledger.mutex);
    leave_locked(memory);
    pthread_mutex_unlock(&ledger.mutex);
    __real_free(memory);
}

void __wrap_weir__chunk_free(weir__chunk *chunk) {
    pthread_mutex_lock(&ledger.mutex);
    leave_locked(chunk);
    pthread_mutex_unlock(&ledger.mutex);
    __real_weir__chunk_free(chunk);
}

void ledger_reset(void) {
    pthread_mutex_lock(&ledger.mutex);
    memset(ledger.addresses, 0, sizeof ledger.addresses);
    ledger.pieces = ledger.bytes = ledger.calls = ledger.fail_in = 0;
    pthread_mutex_unlock(&ledger.mutex);
}

size_t ledger_pieces(void) {
    pthread_mutex_lock(&ledger.mutex);
    size_t pieces = ledger.pieces;
    pthread_mutex_unlock(&ledger.mutex);
    return pieces;
}

size_t ledger_bytes(void) {
    pthread_mutex_lock(&ledger.mutex);
    size_t bytes = ledger.bytes;
    pthread_mutex_unlock(&ledger.mutex);
    return bytes;
}

bool ledger_fails(void) {
    pthread_mutex_lock(&ledger.mutex);
    bool fails = fails_locked();
    pthread_mutex_unlock(&ledger.mutex);
    return fails;
}

size_t ledger_calls(void) {
    pthread_mutex_lock(&ledger.mutex);
    size_t calls = ledger.calls;
    pthread_mutex_unlock(&ledger.mutex);
    return calls;
}

void ledger_fail(size_t nth, bool ever_after) {
    pthread_mutex_lock(&ledger.mutex);
    ledger.fail_in = nth;
    ledger.ever_after = ever_after;
    pthread_mutex_unlock(&ledger.mutex);
}
