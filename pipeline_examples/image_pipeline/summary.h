/*
 * summary.h - prints what became of the photos, and the time each stage took.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_SUMMARY_H
#define IMAGE_PIPELINE_SUMMARY_H

#include <weir/report.h>

#include "stages.h"

enum { EXIT_GIVEN_UP = 3 /* exit status of a run that was given up */ };

/*
 * Prints the summary of a run to standard output. Returns the exit status of the program: 0 if that succeeded and every
 * photo was done or skipped, 3 if the run was given up, SIGNAL_STATUS and its number if a signal has cut off photos,
 * else 1.
 */
int summary_print(const weir_report *report, struct work *work);

#endif /* IMAGE_PIPELINE_SUMMARY_H */
