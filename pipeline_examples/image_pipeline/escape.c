/*
 * escape.c - decodes UTF-8 (RFC 3629), and selects the characters to escape.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "escape.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

enum { LONGEST_ESCAPE = 16 };

static bool continues(unsigned char c) {
    return (c & 0xc0) == 0x80;
}

/* Returns the number of bytes that a character with this first byte has; 0 if no character begins with it. */
static size_t length_of(unsigned char first) {
    return first < 0x80 ? 1 : first < 0xc2 ? 0 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : first < 0xf5 ? 4 : 0;
}

/* Reads a character. Returns its number of bytes; 0 if the text does not begin with one. */
static size_t read_character(const unsigned char *text, uint32_t *character) {
    static const unsigned char masks[] = {0, 0x7f, 0x1f, 0x0f, 0x07};
    static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
    size_t length = length_of(*text);
    uint32_t value = *text & masks[length];
    for (size_t i = 1; i < length; i++) {
        if (!continues(text[i]))
            return 0;
        value = value << 6 | (text[i] & 0x3fu);
    }
    bool is_surrogate = value >= 0xd800 && value < 0xe000;
    *character = value;
    return length == 0 || value < least[length] || value > 0x10ffff || is_surrogate ? 0 : length;
}

/* Returns whether the character acts on the terminal or on the text around it, instead of being visible itself. */
static bool is_unsafe(uint32_t character) {
    static const struct {
        uint32_t first, last;
    } ranges[] = {
        {0, 0x1f},        {0x7f, 0x9f},     {0x61c, 0x61c},   {0x200b, 0x200b}, {0x200e, 0x200f},
        {0x2028, 0x202e}, {0x2060, 0x206f}, {0xfeff, 0xfeff}, {0xfff9, 0xfffb}, {0xe0000, 0xe007f},
    };
    for (size_t i = 0; i < sizeof ranges / sizeof *ranges; i++) {
        if (character >= ranges[i].first && character <= ranges[i].last)
            return true;
    }
    return false;
}

/* Writes the next character or its escape, of `*length` bytes. Returns the number of bytes of the text that it is. */
static size_t write_next(char piece[LONGEST_ESCAPE], size_t *length, const char *text) {
    uint32_t character;
    const unsigned char *bytes = (const unsigned char *)text;
    size_t used = read_character(bytes, &character);
    if (used > 0 && !is_unsafe(character)) {
        memcpy(piece, text, used);
        *length = used;
        return used;
    }
    int size = used < 2   ? snprintf(piece, LONGEST_ESCAPE, "\\x%02x", (unsigned)*bytes)
               : used < 4 ? snprintf(piece, LONGEST_ESCAPE, "\\u%04" PRIx32, character)
                          : snprintf(piece, LONGEST_ESCAPE, "\\U%08" PRIx32, character);
    *length = (size_t)size;
    return used == 0 ? 1 : used;
}

size_t escape_write(char *escaped, size_t size, const char *text) {
    char piece[LONGEST_ESCAPE];
    size_t used = 0, length;
    while (*text != '\0') {
        text += write_next(piece, &length, text);
        if (used + length >= size)
            break;
        memcpy(escaped + used, piece, length);
        used += length;
    }
    escaped[used] = '\0';
    return used;
}

size_t escape_length(const char *text) {
    uint32_t character;
    return read_character((const unsigned char *)text, &character);
}

void escape_trim(char *text) {
    size_t length = strlen(text), start = length;
    while (start > 0 && length - start < 4) {
        start--;
        if (continues((unsigned char)text[start]))
            continue;
        if (length_of((unsigned char)text[start]) > length - start)
            text[start] = '\0';
        return;
    }
}

void escape_shorten(char *to, size_t size, const char *name) {
    static const char gap[] = "...";
    enum { PART = 4 /* of the room, for the start */, CONTINUED = 3 /* bytes of a character at most */ };
    size_t length = strlen(name), start = length < size ? length : size / PART;
    memcpy(to, name, start);
    to[start] = '\0';
    if (start == length)
        return;
    escape_trim(to);
    const char *end = name + length - (size - start - sizeof gap);
    for (size_t i = 0; i < CONTINUED && continues((unsigned char)*end); i++)
        end++;
    strcat(to, gap);
    strcat(to, end);
}
