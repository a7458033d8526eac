/*
 * out.c - Implements output to a stream or to memory.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "report/out.h"

#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include "report/letter.h"
#include "sync/memory.h"
#include "sync/thread.h"

void weir__out_begin(weir__out *out, FILE *stream) {
    *out = (weir__out){.stream = stream};
    out->before = weir__uncancellable_begin();
}

weir_status weir__out_end(weir__out *out) {
    if (fflush(out->stream) != 0) /* it may still fail to write its buffer */
        out->failed = true;
    weir__uncancellable_end(out->before);
    return out->failed ? WEIR_CLOSED : WEIR_OK;
}

/* Makes room for that many more bytes and the NUL: doubles the memory until they fit. Returns whether they do. */
static bool make_room(weir__out *out, size_t more) {
    size_t room = out->room == 0 ? WEIR__CHUNK : out->room;
    if (out->failed || more < out->room - out->size)
        return !out->failed;
    while (room - out->size <= more && room <= SIZE_MAX / 4)
        room *= 2;
    char *longer = room - out->size > more ? weir__alloc(room) : NULL;
    out->failed = longer == NULL;
    if (out->failed)
        return false;
    if (out->size > 0)
        memcpy(longer, out->text, out->size);
    weir__free(out->text);
    out->text = longer;
    out->room = room;
    return true;
}

void weir__out_begin_text(weir__out *out) {
    *out = (weir__out){.stream = NULL};
}

weir_status weir__out_end_text(weir__out *out, char **text, size_t *size) {
    if (!make_room(out, 0)) {
        weir__out_drop_text(out);
        return WEIR_NOMEM;
    }
    out->text[out->size] = '\0';
    *text = out->text;
    if (size != NULL)
        *size = out->size;
    return WEIR_OK;
}

void weir__out_drop_text(weir__out *out) {
    weir__free(out->text);
}

/* Formats into memory. */
static void format_text(weir__out *out, const char *format, va_list arguments) {
    va_list again;
    va_copy(again, arguments);
    int length = vsnprintf(NULL, 0, format, arguments);
    if (length < 0)
        out->failed = true;
    else if (make_room(out, (size_t)length))
        out->size += (size_t)vsnprintf(out->text + out->size, out->room - out->size, format, again);
    va_end(again);
}

void weir__out_format(weir__out *out, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    if (out->stream == NULL)
        format_text(out, format, arguments);
    else if (vfprintf(out->stream, format, arguments) < 0)
        out->failed = true;
    va_end(arguments);
}

static void write_text(weir__out *out, const char *bytes, size_t size) {
    if (!make_room(out, size))
        return;
    memcpy(out->text + out->size, bytes, size);
    out->size += size;
}

void weir__out_bytes(weir__out *out, const char *bytes, size_t size) {
    if (out->stream == NULL)
        write_text(out, bytes, size);
    else if (fwrite(bytes, 1, size, out->stream) != size)
        out->failed = true;
}

void weir__out_shown(weir__out *out, const char *string) {
    weir__letter letter;
    while (weir__letter_next_shown(&string, &letter))
        weir__out_bytes(out, letter.bytes, letter.size);
}
