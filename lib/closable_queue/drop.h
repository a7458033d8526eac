/*
 * drop.h - Calls the drop function of a queue.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_CLOSABLE_QUEUE_DROP_H
#define WEIR_CLOSABLE_QUEUE_DROP_H

#include "closable_queue/queue.h"

/* Passes an item that no consumer will get to the drop function. */
void weir__queue_drop(const weir_queue *queue, void *item);

#endif /* WEIR_CLOSABLE_QUEUE_DROP_H */
