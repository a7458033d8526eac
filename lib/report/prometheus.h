/*
 * prometheus.h - Declares the Prometheus page of reports.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_REPORT_PROMETHEUS_H
#define WEIR_REPORT_PROMETHEUS_H

#include <weir/report.h>

#include "base/tree.h"
#include "report/out.h"

/* A report of a page, and its place among the reports of the same name. */
typedef struct weir__twin {
    weir__tree_node node; /* must be first; finds a name by the first report with it */
    size_t so_far;        /* in the first report of a name: reports with that name so far */
    size_t before;        /* reports with the same name before this one */
} weir__twin;

/* Reports that are printed together. `twins` has one element for each; NULL if all names differ. */
typedef struct weir__page {
    const weir_report *const *reports;
    size_t count;
    const weir__twin *twins;
} weir__page;

/* Fills in an array for `twins`, one element for each report. */
void weir__page_count_twins(const weir__page *page, weir__twin *twins);

void weir__print_prometheus(weir__out *out, const weir__page *page);

#endif /* WEIR_REPORT_PROMETHEUS_H */
