/*
 * source.h - Declares sources: lists of tasks that have not begun, in the order in which threads take them.
 *
 * A source is a FIFO. Tasks without futures and options are in bundles, which are in the list in place of a task: a
 * thread touches one cache line for several of them. Sources with tasks wait in the list of their band; threads take
 * from the first source of the highest band, which then goes to the end of the list: so sources of a band share the
 * threads. A task in a lower band goes first if it has waited 100 ms longer.
 *
 * Not thread-safe: the executor locks them.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_EXECUTOR_SOURCE_H
#define WEIR_EXECUTOR_SOURCE_H

#include "executor/bands.h"

/* Appends a task to its source. */
void weir__source_append(weir__bands *bands, weir__task *task);

/* Appends a task without a future and options. Returns false if a bundle is needed and none is spare. */
bool weir__source_append_pair(weir__bands *bands, weir__source *source, weir_executor_func *func, void *arg);

/* Removes the last such task with this function and argument. Returns false if there is none. */
bool weir__source_remove_pair(weir__bands *bands, weir__source *source, weir_executor_func *func, const void *arg);

/* Requeues a task, or a bundle that is not empty, at the front of its source. */
void weir__source_requeue(weir__bands *bands, weir__task *task);

/* Removes a listed task or bundle. */
void weir__source_remove(weir__bands *bands, weir__task *task);

/* Notes that a task without a place waits from now on. */
void weir__source_note(weir__bands *bands, weir__task *task);

/* Removes tasks from the next source. Returns their number. */
size_t weir__source_take(weir__bands *bands, weir__take *take);

/*
 * Whether a thread that finds tasks in nests, which are of the normal band, takes one of those before the listed ones.
 * They take turns with listed tasks of that band, and with any that have waited for long.
 */
bool weir__source_yields(weir__bands *bands);

#endif /* WEIR_EXECUTOR_SOURCE_H */
