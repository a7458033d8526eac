/*
 * at_end.h - Calls a stage's at_end, at the end of each of its threads.
 *
 * A thread calls at_end after its last item, while its lane still works: when the stage is drained, or when the thread
 * leaves an elastic stage. A stage with at_end ends for the drain once its threads have ended (drain.c). So the next
 * stage is drained after it has got the results of every at_end.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_CALL_AT_END_H
#define WEIR_PIPELINE_CALL_AT_END_H

#include "pipeline/state/stage.h"

/* Calls at_end, if the stage has one and the run is not cancelled. The last step of a worker's work. */
void weir__at_end(void *lane);

#endif /* WEIR_PIPELINE_CALL_AT_END_H */
