/*
 * users.h - Keeps a queue from being destroyed while groups of workers use it.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_CLOSABLE_QUEUE_USERS_H
#define WEIR_CLOSABLE_QUEUE_USERS_H

#include "closable_queue/queue.h"

/*
 * Registers a group that takes from the queue or puts to it. The queue cannot be destroyed before the matching
 * weir__queue_release. Returns false, with no effect, if the queue is being destroyed.
 */
bool weir__queue_use(weir_queue *queue);
void weir__queue_release(weir_queue *queue);

#endif /* WEIR_CLOSABLE_QUEUE_USERS_H */
