/*
 * output.c - Implements a kept output of a command.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "command/output.h"

#include <string.h>

#include "sync/memory.h"

enum { FIRST_ROOM = 512 };

/* Makes room for `size` more bytes and a zero. Returns false if there is no memory. */
static bool make_room(weir__output *output, size_t size) {
    size_t wanted = output->kept.kept + size, room = output->room > 0 ? output->room : FIRST_ROOM;
    while (room < wanted)
        room = room < output->most / 2 ? room * 2 : output->most;
    if (room <= output->room)
        return true;
    char *text = weir__alloc(room + 1);
    if (text == NULL)
        return false;
    if (output->kept.kept > 0)
        memcpy(text, output->kept.text, output->kept.kept);
    weir__free(output->kept.text);
    output->kept.text = text;
    output->room = room;
    return true;
}

static void add_to_tail(weir__output *output, const char *bytes, size_t size) {
    size_t added = size < sizeof output->tail ? size : sizeof output->tail;
    size_t stays = sizeof output->tail - added;
    stays = stays < output->tail_length ? stays : output->tail_length;
    memmove(output->tail, output->tail + output->tail_length - stays, stays);
    memcpy(output->tail + stays, bytes + size - added, added);
    output->tail_length = stays + added;
}

void weir__output_add(weir__output *output, const char *bytes, size_t size) {
    size_t left = output->most - output->kept.kept, added = size < left ? size : left;
    output->kept.total += size;
    add_to_tail(output, bytes, size);
    if (added == 0 || output->lost)
        return;
    if (!make_room(output, added)) {
        output->lost = true;
        return;
    }
    memcpy(output->kept.text + output->kept.kept, bytes, added);
    output->kept.kept += added;
    output->kept.text[output->kept.kept] = '\0';
}

static bool ends_line(char c) {
    return c == '\n' || c == '\r';
}

void weir__output_last_line(const weir__output *output, char line[WEIR__LAST_LINE]) {
    size_t end = output->tail_length, start, length = 0;
    while (end > 0 && (ends_line(output->tail[end - 1]) || output->tail[end - 1] == ' '))
        end--;
    for (start = end; start > 0 && !ends_line(output->tail[start - 1]); start--)
        ;
    for (size_t i = start; i < end; i++) {
        unsigned char c = (unsigned char)output->tail[i];
        line[length++] = c < ' ' || c == 0x7f ? ' ' : (char)c;
    }
    line[length] = '\0';
}
