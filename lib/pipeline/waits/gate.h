/*
 * gate.h - Pauses and resumes stages, and the entrance of a pipeline.
 *
 * U1  `paused` of a stage or of the entrance changes under the pipeline's lock: to 1 only while the run is neither
 *     ending nor cancelled. The end and the cancel set all of them to 0, after they have changed the state. So nothing
 *     is paused afterwards, and the drain never waits for a resume.
 * U2  A worker reads `paused` before each call, without a lock. If it is 1, the worker blocks in the stage's park, and
 *     reads it again under the stage's lock. A resume sets it to 0 first, and then takes that lock and wakes all. So no
 *     wakeup is lost. A call that begins beside the pause may have read it before.
 * U3  On the crew, a visit of a paused stage takes nothing and leaves no alert; what a lane has taken and not begun
 *     returns to the queue. A resume makes the job ready after it has set `paused` to 0.
 * U4  The entry queue of a paused entrance is held (Q16). Sources block as they emit: before their root is admitted, and
 *     again afterwards, as the admission may have taken long. The root counts as entered after that; meanwhile it keeps
 *     its room, as the item of a put does.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_WAITS_GATE_H
#define WEIR_PIPELINE_WAITS_GATE_H

#include "pipeline/state/pipeline.h"

/* Resumes everything, once the run is ending or cancelled (U1). */
void weir__gate_resume_all(weir_pipeline *pipeline);

#endif /* WEIR_PIPELINE_WAITS_GATE_H */
