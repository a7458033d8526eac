/*
 * png_text.c - walks over the chunks of a PNG (ISO/IEC 15948, 5.3): length, type, data, checksum.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "png_text.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum { SIGNATURE = 8, LENGTH = 4, TYPE = 4, AROUND = 12 /* bytes of a chunk besides its data */ };

static bool is_png(const unsigned char *png, size_t size) {
    return size >= SIGNATURE && memcmp(png, "\x89PNG\r\n\x1a\n", SIGNATURE) == 0;
}

static bool is_text(const unsigned char *chunk) {
    const char *type = (const char *)chunk + LENGTH;
    return memcmp(type, "tEXt", TYPE) == 0 || memcmp(type, "zTXt", TYPE) == 0 || memcmp(type, "iTXt", TYPE) == 0;
}

/* Returns the bytes of the chunk; 0 if it is not whole. */
static size_t chunk_size(const unsigned char *chunk, size_t left) {
    if (left < AROUND)
        return 0;
    uint32_t length = (uint32_t)chunk[0] << 24 | (uint32_t)chunk[1] << 16 | (uint32_t)chunk[2] << 8 | chunk[3];
    return length <= left - AROUND ? AROUND + length : 0;
}

size_t png_text_remove(unsigned char *png, size_t size) {
    size_t from = SIGNATURE, to = SIGNATURE, length;
    if (!is_png(png, size))
        return size;
    while ((length = chunk_size(png + from, size - from)) != 0) {
        if (!is_text(png + from)) {
            memmove(png + to, png + from, length);
            to += length;
        }
        from += length;
    }
    memmove(png + to, png + from, size - from);
    return to + size - from;
}
