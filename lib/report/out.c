/*
 * out.c - Implements output to a stream.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "report/out.h"

#include <stdarg.h>

#include "report/letter.h"
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

void weir__out_format(weir__out *out, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    if (vfprintf(out->stream, format, arguments) < 0)
        out->failed = true;
    va_end(arguments);
}

void weir__out_bytes(weir__out *out, const char *bytes, size_t size) {
    if (fwrite(bytes, 1, size, out->stream) != size)
        out->failed = true;
}

void weir__out_shown(weir__out *out, const char *string) {
    weir__letter letter;
    while (weir__letter_next_shown(&string, &letter))
        weir__out_bytes(out, letter.bytes, letter.size);
}
