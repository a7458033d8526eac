/*
 * memory.c - Implements allocation with the C library.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "sync/memory.h"

#include <stdlib.h>
#include <string.h>

void *weir__alloc(size_t size) {
    /* aligned_alloc requires a multiple of the alignment; the limit of `size` (memory.h) prevents a wrap-around */
    size_t rounded = (size + WEIR__APART - 1) / WEIR__APART * WEIR__APART;
    void *memory = aligned_alloc(WEIR__APART, rounded);
    if (memory != NULL)
        memset(memory, 0, rounded);
    return memory;
}

void weir__free(void *memory) {
    free(memory);
}
