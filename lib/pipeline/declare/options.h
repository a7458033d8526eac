/*
 * options.h - Takes and checks the options of a stage, and takes those of a pipeline.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_DECLARE_OPTIONS_H
#define WEIR_PIPELINE_DECLARE_OPTIONS_H

#include "pipeline/state/pipeline.h"

/* Copies the program's options, whose struct may be of another release. Refuses NULL, and what the copy would lose. */
weir_status weir__options_take(const weir_pipeline *pipeline, weir_stage_options *to, const weir_stage_options *from);

/* The same for the options of a pipeline. NULL selects all defaults. The message belongs to the thread. */
weir_status weir__options_take_of_pipeline(weir_pipeline_options *to, const weir_pipeline_options *from);

/* Returns WEIR_OK if a stage may have these options, whatever its name. Otherwise refuses. */
weir_status weir__options_check(const weir_pipeline *pipeline, const weir_stage_options *options);

/* Refuses a rate or a burst that a stage, of that name, cannot have. */
weir_status weir__check_rate(const weir_pipeline *pipeline, const char *stage, double rate, size_t burst);

/* Returns the name of a distribution. */
const char *weir__fan_out_name(weir_fan_out how);

/* Returns whether the stage uses its route. */
bool weir__has_route(const weir_stage_options *options);

#endif /* WEIR_PIPELINE_DECLARE_OPTIONS_H */
