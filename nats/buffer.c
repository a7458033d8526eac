/*
 * buffer.c - Implements the buffer that encode fills.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "buffer.h"

#include <stdlib.h>
#include <string.h>

enum { FIRST_ROOM = 256 };

static weir_status grow(weir_nats_buffer *buffer, size_t needed) {
    size_t room = buffer->room == 0 ? FIRST_ROOM : buffer->room;
    while (room < needed)
        room = room > SIZE_MAX / 2 ? needed : 2 * room;
    char *bytes = realloc(buffer->bytes, room);
    if (bytes == NULL)
        return WEIR_NOMEM;
    buffer->bytes = bytes;
    buffer->room = room;
    return WEIR_OK;
}

weir_status weir_nats_buffer_add(weir_nats_buffer *buffer, const void *bytes, size_t size) {
    if (buffer == NULL || (bytes == NULL && size != 0))
        return WEIR_INVALID;
    if (size > SIZE_MAX - buffer->size)
        return WEIR_NOMEM;
    if (buffer->size + size > buffer->room && grow(buffer, buffer->size + size) != WEIR_OK)
        return WEIR_NOMEM;
    if (size != 0)
        memcpy(buffer->bytes + buffer->size, bytes, size);
    buffer->size += size;
    return WEIR_OK;
}

void weir__nats_buffer_free(weir_nats_buffer *buffer) {
    free(buffer->bytes);
}
