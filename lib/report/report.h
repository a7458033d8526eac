/*
 * report.h - Declares how a report is made from the state of a pipeline.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_REPORT_REPORT_H
#define WEIR_REPORT_REPORT_H

#include <weir/report.h>

/*
 * Returns a copy of the draft and of all that it points to, for weir_report_free; NULL if out of memory. A NULL string
 * becomes "". The bottleneck is NULL or one of the draft's stages, and becomes the same stage of the copy.
 */
weir_report *weir__report_copy(const weir_report *draft);

/* Returns the time that the stage's threads have existed, added up, in ns. */
double weir__report_time(const weir_stage_report *stage);

/* Whether the stage's number of threads may change. */
static inline bool weir__report_is_elastic(const weir_stage_report *stage) {
    return stage->max_threads > stage->threads || stage->change != WEIR_THREADS_STARTED;
}

/* Returns the cause of a change of the number of threads, in words. */
const char *weir__report_cause(weir_thread_change change);

/* Returns the place of a late thread, in words. */
const char *weir__report_place(weir_place where);

#endif /* WEIR_REPORT_REPORT_H */
