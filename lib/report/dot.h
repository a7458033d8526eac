/*
 * dot.h - Declares the graph of a report, in the DOT language.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_REPORT_DOT_H
#define WEIR_REPORT_DOT_H

#include <weir/report.h>

#include "report/out.h"

void weir__print_dot(weir__out *out, const weir_report *report);

#endif /* WEIR_REPORT_DOT_H */
