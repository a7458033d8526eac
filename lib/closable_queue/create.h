/*
 * create.h - Declares what a queue can be made to do before its first put.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_CLOSABLE_QUEUE_CREATE_H
#define WEIR_CLOSABLE_QUEUE_CREATE_H

#include "closable_queue/queue.h"

/*
 * Q10. Makes each put set the uint64_t with which its item begins to the item's position, from 0. Called before the
 * first put.
 */
void weir__queue_stamp(weir_queue *queue);

#endif /* WEIR_CLOSABLE_QUEUE_CREATE_H */
