/*
 * settle.h - Declares settling, and waiting until everything is settled.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_CLOSABLE_QUEUE_SETTLE_H
#define WEIR_CLOSABLE_QUEUE_SETTLE_H

#include "closable_queue/queue.h"

/* Settles `count` items that were taken. */
void weir__queue_settle(weir_queue *queue, size_t count);

/*
 * Blocks as weir_queue_join_until does, but returns WEIR_CANCELLED once `cancelled` is not 0. The thread that sets it
 * must call weir__queue_wake_joiners afterwards.
 */
weir_status weir__queue_join_unless(weir_queue *queue, const weir__u32 *cancelled, weir_deadline deadline);
void weir__queue_wake_joiners(weir_queue *queue);

#endif /* WEIR_CLOSABLE_QUEUE_SETTLE_H */
