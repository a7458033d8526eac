/*
 * exit.h - Ends a worker: fails a call that its thread will not return from.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_EXIT_H
#define WEIR_PIPELINE_EXIT_H

/*
 * Called at the end of a worker's thread. If a function of the stage ended the thread, the call is abandoned: its item
 * or batch is dropped and fails, and the run fails. Returns WEIR__KEPT if the worker must not settle the item.
 */
void *weir__exit(void *lane);

#endif /* WEIR_PIPELINE_EXIT_H */
