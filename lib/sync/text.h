/*
 * text.h - Implements copies of strings.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SYNC_TEXT_H
#define WEIR_SYNC_TEXT_H

#include <string.h>

#include "sync/memory.h"

/* Returns a copy, which the caller frees with weir__free; NULL if out of memory. */
static inline char *weir__copy_text(const char *text) {
    size_t size = strlen(text) + 1;
    char *copy = weir__alloc(size);
    return copy == NULL ? NULL : memcpy(copy, text, size);
}

#endif /* WEIR_SYNC_TEXT_H */
