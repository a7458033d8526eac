/*
 * start.h - Declares starting a group of threads together, and joining them.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_STOPPABLE_WORKER_START_H
#define WEIR_STOPPABLE_WORKER_START_H

#include "stoppable_worker/group.h"

/*
 * Starts a group as weir_start_threads_with does, but returns the group itself, not a handle. `extra` may be NULL.
 * `*group` is set before the threads begin to work, and NULL after a failure. The caller frees the group with
 * weir__group_free.
 */
weir_status weir__group_start(weir__group **group, size_t count, const weir_worker_options *options,
                              const weir__group_extra *extra, weir_queue *in, weir_queue *out);

/* Blocks until the threads have ended, joins them and releases the queues. */
void weir__group_join(weir__group *group);

/*
 * The same, but blocks no longer than until `deadline`. Returns false if some threads have not ended: the caller must
 * call again.
 */
bool weir__group_join_until(weir__group *group, weir_deadline deadline);

/* Returns true if one of these calls has joined the worker's thread. */
bool weir__worker_is_joined(const weir_worker *worker);

void weir__group_free(weir__group *group);

/* Returns true if the calling thread is one of the group's workers. */
bool weir__group_is_self(const weir__group *group);

#endif /* WEIR_STOPPABLE_WORKER_START_H */
