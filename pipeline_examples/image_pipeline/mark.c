/*
 * mark.c - walks over the segments at the start of a JPEG.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "mark.h"

#include <glib.h>
#include <string.h>

#include "digest.h"

/* ITU T.81, B.1.1.3: a segment is 0xff, its code, and its length in two bytes, which include themselves. */
enum { SEGMENT = 0xff, START = 0xd8, SCAN = 0xda, JFIF = 0xe0, COMMENT = 0xfe, HEAD = 4 };

static const char text[] = "weir-thumbs 1 ";

enum { TEXT_SIZE = sizeof text - 1, DIGITS = MARK_SIZE - 1 };

void mark_of(char mark[MARK_SIZE], const char *prefix, const char *name) {
    digest_write(mark, DIGITS, prefix, strlen(prefix), name, strlen(name));
}

static bool is_jpeg(const unsigned char *jpeg, size_t size) {
    return size >= 2 && jpeg[0] == SEGMENT && jpeg[1] == START;
}

/* Returns the length of the segment at `place`; 0 at the end of the data or where the pixels begin. */
static size_t segment_size(const unsigned char *jpeg, size_t size, size_t place) {
    if (size - place < HEAD || jpeg[place] != SEGMENT || jpeg[place + 1] == SCAN)
        return 0;
    size_t length = 2 + ((size_t)jpeg[place + 2] << 8 | jpeg[place + 3]);
    return length >= HEAD && length <= size - place ? length : 0;
}

bool mark_put(void **jpeg, size_t *size, const char mark[MARK_SIZE]) {
    const size_t length = HEAD + TEXT_SIZE + DIGITS;
    if (!is_jpeg(*jpeg, *size))
        return false;
    unsigned char *bytes = *jpeg = g_realloc(*jpeg, *size + length);
    size_t place = 2;
    if (segment_size(bytes, *size, place) != 0 && bytes[place + 1] == JFIF) /* must come first */
        place += segment_size(bytes, *size, place);
    memmove(bytes + place + length, bytes + place, *size - place);
    const unsigned char head[HEAD] = {SEGMENT, COMMENT, 0, (unsigned char)(length - 2)};
    memcpy(bytes + place, head, HEAD);
    memcpy(bytes + place + HEAD, text, TEXT_SIZE);
    memcpy(bytes + place + HEAD + TEXT_SIZE, mark, DIGITS);
    *size += length;
    return true;
}

bool mark_get(char mark[MARK_SIZE], const unsigned char *jpeg, size_t size) {
    if (!is_jpeg(jpeg, size))
        return false;
    size_t length;
    for (size_t place = 2; (length = segment_size(jpeg, size, place)) != 0; place += length) {
        if (jpeg[place + 1] == COMMENT && length == HEAD + TEXT_SIZE + DIGITS &&
            memcmp(jpeg + place + HEAD, text, TEXT_SIZE) == 0) {
            memcpy(mark, jpeg + place + HEAD + TEXT_SIZE, DIGITS);
            mark[DIGITS] = '\0';
            return true;
        }
    }
    return false;
}
