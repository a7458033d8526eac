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

/* Returns WEIR_NOMEM if there is no memory to count reports of the same name. */
static weir_status print_page(weir__page page, FILE *stream) {
    weir__out out;
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
    weir__out_begin(&out, stream);
    weir__print_prometheus(&out, &page);
    weir__free(twins);
    return weir__out_end(&out);
}

static weir_status print_each(weir__page page, weir_report_format format, FILE *stream) {
    weir__out out;
    weir__out_begin(&out, stream);
    for (size_t i = 0; i < page.count; i++) {
        if (i > 0)
            weir__out_format(&out, "\n");
        if (format == WEIR_TABLE)
            weir__print_table(&out, page.reports[i]);
        else
            weir__print_dot(&out, page.reports[i]);
    }
    return weir__out_end(&out);
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
    const weir__page page = {.reports = reports, .count = count};
    return format == WEIR_PROMETHEUS ? print_page(page, stream) : print_each(page, format, stream);
}

weir_status weir_report_print(const weir_report *report, weir_report_format format, FILE *stream) {
    return weir_report_print_many(&report, 1, format, stream);
}
