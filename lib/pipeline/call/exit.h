/*
 * exit.h - Fails the call that a worker's function was in when it ended the thread.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_CALL_EXIT_H
#define WEIR_PIPELINE_CALL_EXIT_H

#include "pipeline/state/stage.h"

/*
 * Ends a worker's call, at the end of its thread. If a function of the stage ended the thread, the call is abandoned:
 * its item or batch is dropped and fails, and the run fails. The run also fails if another callback ended it. Returns
 * WEIR__KEPT if the worker must not settle the item.
 */
void *weir__exit(void *lane, bool early);

/* Fails the run, after init has ended a thread that was added during the run. */
void weir__exit_in_init(weir__lane *lane);

#endif /* WEIR_PIPELINE_CALL_EXIT_H */
