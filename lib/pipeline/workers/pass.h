/*
 * pass.h - Passes a morsel's results to the next stage on the same thread.
 *
 * N9  In a plain pipeline, a thread that has run a morsel goes on to the next stage with the results, if that has a
 *     free lane and no item in its queue. From an ordered stage they pass in their turn (O10). The items pass through
 *     the queue (Q15), so order and counts are those of a put. The thread works on one lane at a time: it releases the
 *     lane of the stage before. A thread that passes items on is a visitor of the job with which it began. All jobs of
 *     a pipeline leave before a stage is freed, so the stages that the thread goes through live. They leave in
 *     topological order. Once the jobs upstream of a stage have left, only its own visitors can make its job ready.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_WORKERS_PASS_H
#define WEIR_PIPELINE_WORKERS_PASS_H

#include "pipeline/state/stage.h"

/*
 * Passes the results in the lane's outbox on. Returns the claimed lane that has them as its morsel. Returns NULL, with
 * the outbox unchanged, if they cannot pass.
 */
weir__lane *weir__pass(weir__lane *lane);

#endif /* WEIR_PIPELINE_WORKERS_PASS_H */
