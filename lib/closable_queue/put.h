/*
 * put.h - Puts items until a pipeline is cancelled.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_CLOSABLE_QUEUE_PUT_H
#define WEIR_CLOSABLE_QUEUE_PUT_H

#include "closable_queue/queue.h"

/*
 * Puts an item. Blocks while the queue is full and `stop` is 0. Returns WEIR_TIMEDOUT if `stop` is set and there is no
 * room (Q18).
 */
weir_status weir__queue_put_unless(weir_queue *queue, void *item, const weir__u32 *stop);

#endif /* WEIR_CLOSABLE_QUEUE_PUT_H */
