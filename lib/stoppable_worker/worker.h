/*
 * worker.h - Declares what a worker thread runs.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_STOPPABLE_WORKER_WORKER_H
#define WEIR_STOPPABLE_WORKER_WORKER_H

#include "stoppable_worker/group.h"

/*
 * The main function of a worker's thread, and the one that runs at the thread's end. The argument is the weir_worker.
 */
void weir__worker_main(void *worker);
void weir__worker_at_exit(void *worker);

/* Returns the worker's number in its group, from 0, as in its thread's name. */
size_t weir__worker_number(const weir_worker *worker);

/* Returns how long the worker has been asleep for lack of items. Any thread may read it until the group is freed. */
const weir__stopwatch *weir__worker_starved(const weir_worker *worker);

/*
 * A worker's function must call this, in the worker's thread, before it waits for anything. Settles the earlier items
 * of the batch, and leaves the time of the batch unused.
 */
void weir__worker_waits(weir_worker *worker);

#endif /* WEIR_STOPPABLE_WORKER_WORKER_H */
