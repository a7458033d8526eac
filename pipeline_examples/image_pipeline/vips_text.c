/*
 * vips_text.c - takes the messages that libvips has kept, each on a line of its own.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "vips_text.h"

#include <string.h>
#include <vips/vips.h>

#include "escape.h"

static const char separator[] = "; ";

/* Appends `length` bytes as far as there is room. Returns the new length. */
static size_t append(char *text, size_t size, size_t used, const char *more, size_t length) {
    size_t room = size - 1 - used, count = length < room ? length : room;
    memcpy(text + used, more, count);
    text[used + count] = '\0';
    if (count < length)
        escape_trim(text);
    return used + count;
}

void vips_text_take(char *text, size_t size) {
    char *lines = vips_error_buffer_copy();
    size_t used = 0;
    text[0] = '\0';
    for (const char *line = lines; *line != '\0'; line += strcspn(line, "\r\n")) {
        line += strspn(line, "\r\n");
        if (*line != '\0' && used > 0)
            used = append(text, size, used, separator, strlen(separator));
        used = append(text, size, used, line, strcspn(line, "\r\n"));
    }
    g_free(lines);
}
