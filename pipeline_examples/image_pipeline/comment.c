/*
 * comment.c - comments in JPEG, PNG and WebP.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "comment.h"

#include <string.h>

void comment_add(struct comment *comment, const void *bytes, size_t size) {
    memcpy(comment->added + comment->added_size, bytes, size);
    comment->added_size += size;
}

void comment_add_number(struct comment *comment, uint32_t number) {
    const unsigned char bytes[4] = {(unsigned char)(number >> 24), (unsigned char)(number >> 16),
                                    (unsigned char)(number >> 8), (unsigned char)number};
    comment_add(comment, bytes, sizeof bytes);
}

/* ---- JPEG: ITU T.81, B.1.1.3: a segment is 0xff, its code, and its length, which includes its own two bytes ---- */

bool comment_in_jpeg(struct comment *comment) {
    enum { SEGMENT = 0xff, START = 0xd8, JFIF = 0xe0, COMMENT = 0xfe, HEAD = 4 };
    const unsigned char *jpeg = comment->file;
    if (comment->size < 2 + HEAD || jpeg[0] != SEGMENT || jpeg[1] != START)
        return false;
    comment->place = 2;
    if (jpeg[2] == SEGMENT && jpeg[3] == JFIF) /* must come first */
        comment->place += 2 + ((size_t)jpeg[4] << 8 | jpeg[5]);
    if (comment->place > comment->size)
        return false;
    const unsigned char head[HEAD] = {SEGMENT, COMMENT, 0, (unsigned char)(comment->text_size + 2)};
    comment_add(comment, head, sizeof head);
    comment_add(comment, comment->text, comment->text_size);
    return true;
}

/* ---- PNG: ISO/IEC 15948, 5.3: a chunk is its length, its type, its data, and a checksum of the last two ---- */

/* CRC-32 (ISO/IEC 15948, annex D). */
static uint32_t checksum(const unsigned char *bytes, size_t size) {
    uint32_t sum = UINT32_MAX;
    for (size_t i = 0; i < size; i++) {
        sum ^= bytes[i];
        for (int bit = 0; bit < 8; bit++)
            sum = sum >> 1 ^ ((sum & 1) != 0 ? UINT32_C(0xedb88320) : 0);
    }
    return ~sum;
}

bool comment_in_png(struct comment *comment) {
    static const char type_and_keyword[] = "tEXtComment"; /* and a 0 */
    enum { LENGTH = 4, TYPE = 4, AFTER_HEADER = 8 + 25 };
    if (comment->size < AFTER_HEADER || memcmp(comment->file, "\x89PNG\r\n\x1a\n", 8) != 0)
        return false;
    comment->place = AFTER_HEADER;
    comment_add_number(comment, (uint32_t)(sizeof type_and_keyword - TYPE + comment->text_size));
    comment_add(comment, type_and_keyword, sizeof type_and_keyword);
    comment_add(comment, comment->text, comment->text_size);
    comment_add_number(comment, checksum(comment->added + LENGTH, comment->added_size - LENGTH));
    return true;
}

/* ---- WebP: RFC 9649, 2: chunks in a RIFF, least significant byte first, padded to an even length ---- */

enum { RIFF_HEAD = 12, CHUNK_HEAD = 8, EXTENDED = 10 /* bytes in a VP8X chunk */, HAS_ALPHA = 0x10 };

static void put_little(unsigned char *to, size_t size, uint32_t number) {
    for (size_t i = 0; i < size; i++)
        to[i] = (unsigned char)(number >> 8 * i);
}

static uint32_t get_little(const unsigned char *from, size_t size) {
    uint32_t number = 0;
    for (size_t i = size; i-- > 0;)
        number = number << 8 | from[i];
    return number;
}

static void add_chunk(struct comment *comment, const char *type, const void *bytes, size_t size) {
    unsigned char length[4];
    put_little(length, sizeof length, (uint32_t)size);
    comment_add(comment, type, 4);
    comment_add(comment, length, sizeof length);
    comment_add(comment, bytes, size);
    if (size % 2 != 0)
        comment_add(comment, "", 1);
}

/* Adds the chunk without which a file can have no others, from the head of its only chunk. */
static bool extend(struct comment *comment) {
    const unsigned char *chunk = comment->file + RIFF_HEAD, *data = chunk + CHUNK_HEAD;
    unsigned char extended[EXTENDED] = {0};
    if (memcmp(chunk, "VP8 ", 4) == 0 && memcmp(data + 3, "\x9d\x01\x2a", 3) == 0) {
        put_little(extended + 4, 3, (get_little(data + 6, 2) & 0x3fff) - 1);
        put_little(extended + 7, 3, (get_little(data + 8, 2) & 0x3fff) - 1);
    } else if (memcmp(chunk, "VP8L", 4) == 0 && data[0] == 0x2f) {
        uint32_t head = get_little(data + 1, 4);
        extended[0] = (head >> 28 & 1) != 0 ? HAS_ALPHA : 0;
        put_little(extended + 4, 3, head & 0x3fff);
        put_little(extended + 7, 3, head >> 14 & 0x3fff);
    } else {
        return false;
    }
    add_chunk(comment, "VP8X", extended, sizeof extended);
    return true;
}

bool comment_in_webp(struct comment *comment) {
    unsigned char *webp = comment->file;
    if (comment->size < RIFF_HEAD + CHUNK_HEAD + EXTENDED || memcmp(webp, "RIFF", 4) != 0 ||
        memcmp(webp + 8, "WEBP", 4) != 0)
        return false;
    bool is_extended = memcmp(webp + RIFF_HEAD, "VP8X", 4) == 0;
    comment->place = RIFF_HEAD + (is_extended ? CHUNK_HEAD + EXTENDED : 0);
    if (!is_extended && !extend(comment))
        return false;
    add_chunk(comment, "weir", comment->text, comment->text_size); /* unknown chunks may come out of order */
    put_little(webp + 4, 4, get_little(webp + 4, 4) + (uint32_t)comment->added_size);
    return true;
}
