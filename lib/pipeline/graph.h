/*
 * graph.h - Checks stages and their connections, and finds the order of the stages.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_GRAPH_H
#define WEIR_PIPELINE_GRAPH_H

#include "pipeline/pipeline.h"

/* Returns WEIR_OK if a stage may have these options; otherwise refuses. */
weir_status weir__graph_accept(const weir_pipeline *pipeline, const weir_stage_options *options);

/* Adds the stage to those that are found by name. */
void weir__graph_add_name(weir_stage *stage);

/* Connects two stages. */
weir_status weir__graph_connect(weir_stage *from, weir_stage *to);

/* Connects a chain that was not connected, checks everything, and finds the order and the entrance. */
weir_status weir__graph_check(weir_pipeline *pipeline);

#endif /* WEIR_PIPELINE_GRAPH_H */
