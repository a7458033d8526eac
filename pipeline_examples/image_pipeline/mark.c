/*
 * mark.c - writes and finds marks.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "mark.h"

#include <glib.h>
#include <stdio.h>
#include <string.h>

#include "comment.h"
#include "digest.h"

static const char title[] = "weir-thumbs 1 ";

enum { TITLE_SIZE = sizeof title - 1, DIGITS = MARK_SIZE - 1, TEXT_SIZE = TITLE_SIZE + DIGITS };

void mark_of(char mark[MARK_SIZE], const char *prefix, const char *name) {
    digest_write(mark, DIGITS, prefix, strlen(prefix), name, strlen(name));
}

bool mark_put(void **thumbnail, size_t *size, enum format format, const char mark[MARK_SIZE]) {
    static bool (*const puts[])(struct comment *) = {[FORMAT_JPEG] = comment_in_jpeg,
                                                     [FORMAT_WEBP] = comment_in_webp,
                                                     [FORMAT_PNG] = comment_in_png,
                                                     [FORMAT_AVIF] = comment_in_avif};
    struct comment comment = {.file = *thumbnail, .size = *size, .text_size = TEXT_SIZE};
    snprintf(comment.text, sizeof comment.text, "%s%s", title, mark);
    if (!puts[format](&comment))
        return false;
    unsigned char *bytes = *thumbnail = g_realloc(*thumbnail, *size + comment.added_size);
    memmove(bytes + comment.place + comment.added_size, bytes + comment.place, *size - comment.place);
    memcpy(bytes + comment.place, comment.added, comment.added_size);
    *size += comment.added_size;
    return true;
}

static bool is_mark(const unsigned char *text) {
    for (size_t i = 0; i < DIGITS; i++) {
        if (!g_ascii_isxdigit((gchar)text[TITLE_SIZE + i]))
            return false;
    }
    return memcmp(text, title, TITLE_SIZE) == 0;
}

bool mark_get(char mark[MARK_SIZE], const unsigned char *start, size_t size) {
    for (size_t place = 0; place + TEXT_SIZE <= size; place++) {
        if (is_mark(start + place)) {
            memcpy(mark, start + place + TITLE_SIZE, DIGITS);
            mark[DIGITS] = '\0';
            return true;
        }
    }
    return false;
}
