/*
 * shutdown.h - Declares the ways to end a queue for all threads.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_CLOSABLE_QUEUE_SHUTDOWN_H
#define WEIR_CLOSABLE_QUEUE_SHUTDOWN_H

#include "closable_queue/queue.h"

/* Shuts the queue down for all threads and wakes them. Does not empty it. `discarding` selects WEIR_DISCARD. */
void weir__queue_end(weir_queue *queue, bool discarding);

/* Q11. Makes every put return WEIR_CLOSED from now on; blocked puts return at once. */
void weir__queue_seal(weir_queue *queue);

/* Q16. Sets whether puts find no room. */
void weir__queue_hold(weir_queue *queue, bool held);

/*
 * Drops and settles every queued item, after a shutdown with WEIR_DISCARD. If this thread is already doing so,
 * returns at once (Q7).
 */
void weir__queue_discard(weir_queue *queue);

/* Returns true if a WEIR_DISCARD has removed items, or is about to. Takes the consumers' lock. */
bool weir__queue_is_discarded(weir_queue *queue);

/*
 * Parts of such changes: acquire both locks; mark the queue as closed (Q5); tell what watches (Q19), release both locks,
 * and wake all producers, and all consumers if they must look.
 */
void weir__queue_lock_both(weir_queue *queue);
void weir__queue_close_locked(weir_queue *queue);
void weir__queue_release_and_wake(weir_queue *queue, bool consumers_too);

#endif /* WEIR_CLOSABLE_QUEUE_SHUTDOWN_H */
