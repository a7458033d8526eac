/*
 * requeue.c - Requeues items in their stages.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/outcome/requeue.h"

#include "closable_queue/requeue.h"
#include "closable_queue/share.h"
#include "pipeline/state/stage.h"

static weir__requeued *place_of(weir__envelope *envelope) {
    envelope->requeued.item = envelope;
    return &envelope->requeued;
}

void weir__requeue_first(weir__envelope *envelope) {
    weir__queue_requeue_first(envelope->stage->queue, place_of(envelope));
}

void weir__requeue_again(weir__envelope *envelope) {
    if (envelope->stage->orderer != NULL)
        weir__requeue_first(envelope);
    else
        weir__queue_requeue(envelope->stage->queue, place_of(envelope));
}

bool weir__requeue_fed(weir__envelope *envelope) {
    return weir__queue_feed(envelope->stage->queue, place_of(envelope));
}
