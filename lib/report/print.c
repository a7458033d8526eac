/*
 * print.c - Implements the calls that print reports, to a stream or to memory.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <stdint.h>

#include "report/dot.h"
#include "report/out.h"
#include "report/prometheus.h"
#include "report/table.h"
#include "sync/memory.h"

/* Prints nothing and returns WEIR_NOMEM if there is no memory to count reports of the same name. */
static weir_status print_page(weir__out *out, weir__page page) {
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
    weir__print_prometheus(out, &page);
    weir__free(twins);
    return WEIR_OK;
}

static weir_status print_each(weir__out *out, weir__page page, weir_report_format format) {
    for (size_t i = 0; i < page.count; i++) {
        if (i > 0)
            weir__out_format(out, "\n");
        if (format == WEIR_TABLE)
            weir__print_table(out, page.reports[i]);
        else
            weir__print_dot(out, page.reports[i]);
    }
    return WEIR_OK;
}

static weir_status print(weir__out *out, weir__page page, weir_report_format format) {
    return format == WEIR_PROMETHEUS ? print_page(out, page) : print_each(out, page, format);
}

/* Whether these reports can be printed in that format. */
static bool is_printable(weir__page page, weir_report_format format) {
    for (size_t i = 0; i < page.count; i++) {
        if (page.reports == NULL || page.reports[i] == NULL)
            return false;
    }
    return format == WEIR_TABLE || format == WEIR_PROMETHEUS || format == WEIR_DOT;
}

weir_status weir_report_print_many(const weir_report *const *reports, size_t count, weir_report_format format,
                                   FILE *stream) {
    const weir__page page = {.reports = reports, .count = count};
    weir__out out;
    if (stream == NULL || !is_printable(page, format))
        return WEIR_INVALID;
    weir__out_begin(&out, stream);
    weir_status status = print(&out, page, format), ended = weir__out_end(&out);
    return status != WEIR_OK ? status : ended;
}

weir_status weir_report_print(const weir_report *report, weir_report_format format, FILE *stream) {
    return weir_report_print_many(&report, 1, format, stream);
}

weir_status weir_report_text_many(const weir_report *const *reports, size_t count, weir_report_format format,
                                  char **text, size_t *size) {
    const weir__page page = {.reports = reports, .count = count};
    weir__out out;
    if (text == NULL || !is_printable(page, format))
        return WEIR_INVALID;
    weir__out_begin_text(&out);
    weir_status status = print(&out, page, format);
    if (status == WEIR_OK)
        return weir__out_end_text(&out, text, size);
    weir__out_drop_text(&out);
    return status;
}

weir_status weir_report_text(const weir_report *report, weir_report_format format, char **text, size_t *size) {
    return weir_report_text_many(&report, 1, format, text, size);
}
