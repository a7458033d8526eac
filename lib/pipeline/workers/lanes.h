/*
 * lanes.h - Creates the queue, mechanisms and lanes of a stage, starts its workers, and frees the stage.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_WORKERS_LANES_H
#define WEIR_PIPELINE_WORKERS_LANES_H

#include "pipeline/state/stage.h"

/* Creates the queue, the lanes, and the mechanisms that the options ask for. */
weir_status weir__stage_prepare(weir_stage *stage);

/* Starts the worker threads. */
weir_status weir__stage_start(weir_stage *stage);

/* Frees the stage. Its threads must have ended. */
void weir__stage_free(weir_stage *stage);

#endif /* WEIR_PIPELINE_WORKERS_LANES_H */
