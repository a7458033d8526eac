/*
 * requeue.h - Requeues items in their stages. Needs no room and no memory, and cannot fail.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_OUTCOME_REQUEUE_H
#define WEIR_PIPELINE_OUTCOME_REQUEUE_H

#include "item/envelope.h"

/* Requeues an item, or a batch, at the front of its stage's queue: its turn has come already. */
void weir__requeue_first(weir__envelope *envelope);

/*
 * Requeues an item for another attempt, behind the waiting items. In a stage with an orderer, requeues it at the front,
 * because the results of later items wait for it.
 */
void weir__requeue_again(weir__envelope *envelope);

/* Feeds an item to its stage, behind the waiting items. Returns false, with no effect, if its queue is shut down. */
bool weir__requeue_fed(weir__envelope *envelope);

#endif /* WEIR_PIPELINE_OUTCOME_REQUEUE_H */
