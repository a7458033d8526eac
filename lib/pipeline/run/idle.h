/*
 * idle.h - Waits until stages are idle: no item is in any of them.
 *
 * I1  A stage has no item when its queue has none unfinished (S1). An item that leads to another one, in the next stage
 *     or fed back, is settled after that one has entered.
 * I2  The wait joins one queue after the other. Items may come to a stage that was joined before. So it reads
 *     the tails of all queues before the joins and after them. If they are the same, no item has entered any queue in
 *     between. Then each queue was empty from its join on, and all of them were empty at the end of the last join. A
 *     tail only grows, so the sums are the same only if all tails are.
 * I3  Nothing is counted and no thread is woken for a wait that does not exist: a join loses no wakeup (T3).
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_RUN_IDLE_H
#define WEIR_PIPELINE_RUN_IDLE_H

#include "pipeline/state/stage.h"

/*
 * Blocks until `count` stages are idle at the same time. Returns WEIR_OK; WEIR_TIMEDOUT after the deadline;
 * WEIR_CANCELLED once `unless` is not 0, as weir__queue_join_unless does. If `drains`, ends the stages' batches.
 */
weir_status weir__idle_await(weir_stage *const *stages, size_t count, bool drains, const weir__u32 *unless,
                             weir_deadline deadline);

#endif /* WEIR_PIPELINE_RUN_IDLE_H */
