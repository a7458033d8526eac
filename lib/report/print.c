/*
 * print.c - weir_report_print.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "report/print.h"
#include "report/letter.h"
#include "sync/thread.h"

#include <stdarg.h>

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

static weir_status print(const weir_report *report, weir_report_format format, FILE *stream) {
    weir__out out = {.stream = stream};
    switch (format) {
        case WEIR_TABLE:
            weir__print_table(&out, report);
            break;
        case WEIR_PROMETHEUS:
            weir__print_prometheus(&out, report);
            break;
        case WEIR_DOT:
            weir__print_dot(&out, report);
            break;
        default:
            return WEIR_INVALID;
    }
    /* what lies in the buffer of the stream is not taken yet */
    if (fflush(stream) != 0)
        out.failed = true;
    return out.failed ? WEIR_CLOSED : WEIR_OK;
}

weir_status weir_report_print(const weir_report *report, weir_report_format format, FILE *stream) {
    if (report == NULL || stream == NULL)
        return WEIR_INVALID;
    int before = weir__uncancellable_begin(); /* writing to a stream is a cancellation point */
    weir_status status = print(report, format, stream);
    weir__uncancellable_end(before);
    return status;
}
