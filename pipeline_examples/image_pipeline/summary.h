/*
 * summary.h - what has become of the photos, and where the time went.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_SUMMARY_H
#define IMAGE_PIPELINE_SUMMARY_H

#include <stdbool.h>

#include <weir/report.h>

#include "stages.h"

/* Prints the summary of a run to standard output. True: it is printed, and every photo there was is a thumbnail now. */
bool summary_print(const weir_report *report, struct work *work);

#endif /* IMAGE_PIPELINE_SUMMARY_H */
