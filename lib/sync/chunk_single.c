/*
 * chunk_single.c - each chunk by itself: where memory cannot be given back, or a sanitizer is to see each of them.
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
