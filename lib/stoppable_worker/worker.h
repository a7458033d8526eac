/*
 * worker.h - Declares what a worker thread runs.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_STOPPABLE_WORKER_WORKER_H
#define WEIR_STOPPABLE_WORKER_WORKER_H

#include "stoppable_worker/group.h"

/* What the threads of a group do, as members of its gang. */
const weir__trade *weir__worker_trade(void);

/* Returns the worker of a member of such a gang. */
weir_worker *weir__worker_of(weir__member *member);

/* Returns the calling thread's worker; NULL if the thread is not a worker's. */
weir_worker *weir__worker_self(void);

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
