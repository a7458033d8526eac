/*
 * graph.h - Checks stages and their connections, and sorts the stages.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_DECLARE_GRAPH_H
#define WEIR_PIPELINE_DECLARE_GRAPH_H

#include "pipeline/state/pipeline.h"

/* Returns WEIR_OK if a stage may have these options. Otherwise refuses. */
weir_status weir__graph_accept(const weir_pipeline *pipeline, const weir_stage_options *options);

/* Adds the stage to the stages indexed by name. */
void weir__graph_add_name(weir_stage *stage);

/* Connects two stages. */
weir_status weir__graph_connect(weir_stage *from, weir_stage *to);

/* Connects a stage, which has dead letters, to the stage that gets them. */
void weir__graph_connect_dead(weir_stage *from, weir_stage *to);

/*
 * Connects the stages without dead letters as input to a chain, if no connection was made. Checks the graph, sorts the
 * stages, finds the entrance, and sets the limits.
 */
weir_status weir__graph_check(weir_pipeline *pipeline);

#endif /* WEIR_PIPELINE_DECLARE_GRAPH_H */
