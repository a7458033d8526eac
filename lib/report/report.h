/*
 * report.h - making a report, from what a pipeline knows.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_REPORT_REPORT_H
#define WEIR_REPORT_REPORT_H

#include <weir/report.h>

/*
 * A copy of the draft and of all that it points to, for weir_report_free; NULL: out of memory. A string that is NULL
 * becomes "", and a bottleneck, which must be one of the draft's stages, becomes that one of the copy.
 */
weir_report *weir__report_copy(const weir_report *draft);

/* The stage that the others wait for; NULL: none has been busy at all. */
const weir_stage_report *weir__report_bottleneck(const weir_stage_report *stages, size_t count);

/* The time that a stage's threads have been there, all together, in ns. */
double weir__report_time(const weir_stage_report *stage);

#endif /* WEIR_REPORT_REPORT_H */
