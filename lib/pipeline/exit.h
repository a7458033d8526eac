/*
 * exit.h - Implements what a worker does when its thread ends.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_EXIT_H
#define WEIR_PIPELINE_EXIT_H

/*
 * Called at the end of a worker's thread. If a function of the stage has ended it, the call is abandoned: what it had
 * in hand is dropped and has failed, and so has the run. Returns WEIR__KEPT if the worker must not settle that.
 */
void *weir__exit(void *lane);

#endif /* WEIR_PIPELINE_EXIT_H */
