/*
 * share.h - puts a list to a queue, and reports on what the programs make of it that have joined.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_SHARE_H
#define IMAGE_PIPELINE_SHARE_H

#include "options.h"

/* Runs until each picture has an outcome, or a signal comes. Prints the summary, and returns the exit status. */
int share_run(const struct options *options);

#endif /* IMAGE_PIPELINE_SHARE_H */
