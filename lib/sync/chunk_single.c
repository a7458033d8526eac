/*
 * chunk_single.c - Implements chunks as single allocations.
 *
 * This is for systems that cannot take pages back, and for sanitizers, which then see each chunk.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <stdlib.h>

#include "sync/chunk.h"
#include "sync/memory.h"

weir__chunk *weir__chunk_alloc(size_t size) {
    void *memory;
    return posix_memalign(&memory, WEIR__APART, size) == 0 ? memory : NULL;
}

void weir__chunk_free(weir__chunk *chunk) {
    free(chunk);
}
