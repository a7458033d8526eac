/*
 * on_crew.h - Runs stages on a crew.
 *
 * A stage is a job of the crew. A visit of the job claims a lane (shift.h), runs morsels on it (morsel.h) as long as
 * there are items and no other job waits, and releases the lane. If the results pass on, it goes on with them (pass.h).
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_WORKERS_ON_CREW_H
#define WEIR_PIPELINE_WORKERS_ON_CREW_H

#include "pipeline/state/stage.h"

/* Prepares the lanes, and makes the job ready. */
void weir__on_crew_start(weir_stage *stage);

/* Blocks until no thread of the crew touches the stage. The stage must have ended, and its predecessors have left (N9). */
void weir__on_crew_leave(weir_stage *stage);

#endif /* WEIR_PIPELINE_WORKERS_ON_CREW_H */
