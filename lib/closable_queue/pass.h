/*
 * pass.h - Lets items pass through an empty queue (Q15).
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_CLOSABLE_QUEUE_PASS_H
#define WEIR_CLOSABLE_QUEUE_PASS_H

#include "closable_queue/queue.h"

/*
 * Counts items as put, and as taken by the caller, which must settle them. Withdraws so many promises, and leaves the
 * alert for the next item. Returns false, with no effect, if the queue is not empty or is sealed.
 */
bool weir__queue_pass(weir_queue *queue, size_t count, size_t promised, weir__alert *alert);

#endif /* WEIR_CLOSABLE_QUEUE_PASS_H */
