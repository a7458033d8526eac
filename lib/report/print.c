/*
 * print.c - Implements weir_report_print and weir_report_print_many.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <stdint.h>

#include "report/dot.h"
#include "report/out.h"
#include "report/prometheus.h"
#include "report/table.h"
#include "sync/memory.h"
#include "sync/thread.h"

static weir_status end_of(weir__out *out) {
    /* the stream may still fail to write its buffer */
    if (fflush(out->stream) != 0)
        out->failed = true;
    return out->failed ? WEIR_CLOSED : WEIR_OK;
}

static weir_status print_page(weir__page page, FILE *stream) {
    weir__out out = {.stream = stream};
    weir__twin *twins = NULL;
    if (page.count == 0)
        return WEIR_OK;
    if (page.count > 1) {
        twins = page.count <= SIZE_MAX / sizeof *twins ? weir__alloc(page.count * sizeof *twins) : NULL;
        if (twins == NULL)
            return WEIR_NOMEM;
        weir__page_count_twins(&page, twins);
        page.twins = twins;
    }
    weir__print_prometheus(&out, &page);
    weir__free(twins);
    return end_of(&out);
}

static weir_status print_each(weir__page page, weir_report_format format, FILE *stream) {
    weir__out out = {.stream = stream};
    for (size_t i = 0; i < page.count; i++) {
        if (i > 0)
            weir__out_format(&out, "\n");
        if (format == WEIR_TABLE)
            weir__print_table(&out, page.reports[i]);
        else
            weir__print_dot(&out, page.reports[i]);
    }
    return end_of(&out);
}

static bool are_reports(const weir_report *const *reports, size_t count) {
    for (size_t i = 0; i < count; i++) {
        if (reports == NULL || reports[i] == NULL)
            return false;
    }
    return true;
}

weir_status weir_report_print_many(const weir_report *const *reports, size_t count, weir_report_format format,
                                   FILE *stream) {
    bool known = format == WEIR_TABLE || format == WEIR_PROMETHEUS || format == WEIR_DOT;
    if (stream == NULL || !known || !are_reports(reports, count))
        return WEIR_INVALID;
    int before = weir__uncancellable_begin(); /* writing to a stream is a cancellation point */
    const weir__page page = {.reports = reports, .count = count};
    weir_status status = format == WEIR_PROMETHEUS ? print_page(page, stream) : print_each(page, format, stream);
    weir__uncancellable_end(before);
    return status;
}

weir_status weir_report_print(const weir_report *report, weir_report_format format, FILE *stream) {
    return weir_report_print_many(&report, 1, format, stream);
}
