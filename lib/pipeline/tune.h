/*
 * tune.h - Checks the rates of a stage, and changes its limits while it runs.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_TUNE_H
#define WEIR_PIPELINE_TUNE_H

#include <weir/pipeline.h>

/* Refuses a number that is no rate. `member` is the option's name. */
weir_status weir__check_number_of_rate(const weir_pipeline *pipeline, const char *stage, const char *member,
                                       double rate);

/* Refuses a rate or a burst that a stage, of that name, cannot have. */
weir_status weir__check_rate(const weir_pipeline *pipeline, const char *stage, double rate, size_t burst);

#endif /* WEIR_PIPELINE_TUNE_H */
