/*
 * table.h - Declares the table of a report.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_REPORT_TABLE_H
#define WEIR_REPORT_TABLE_H

#include <weir/report.h>

#include "report/out.h"

void weir__print_table(weir__out *out, const weir_report *report);

#endif /* WEIR_REPORT_TABLE_H */
