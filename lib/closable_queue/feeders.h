/*
 * feeders.h - Lets the stages of several pipelines put to one queue of the program, which the last of them shuts down.
 *
 * Q18 A stage feeds the queue from its declaration until its pipeline has ended, is cancelled or is destroyed. The stage
 *     with which the number of feeders falls to 0 shuts the queue down, if a pipeline that has run was among them. A
 *     stage that feeds no longer does not wait for room: its pipeline has set `stop` before, and the end of its feeding
 *     wakes all producers. A woken producer with `stop` set tries once more, as at a deadline.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_CLOSABLE_QUEUE_FEEDERS_H
#define WEIR_CLOSABLE_QUEUE_FEEDERS_H

#include "closable_queue/queue.h"

void weir__feeder_enter(weir_queue *queue);

/* Ends the feeding of one stage. `ran` is whether its pipeline was started. */
void weir__feeder_leave(weir_queue *queue, bool ran);

#endif /* WEIR_CLOSABLE_QUEUE_FEEDERS_H */
