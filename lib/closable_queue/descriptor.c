/*
 * descriptor.c - Implements the descriptors of a queue: one for its items, one for its room.
 *
 * A descriptor is one more user of the alerts: while it is quiet, its alert is left, and the publish that takes the alert
 * out rings the descriptor (Q19). It is made quiet by the thread that finds nothing. That thread looks again under the
 * lock under which the next publish looks for alerts. So either it sees what was published, or the publish sees the alert.
 * Without a descriptor, no call does more than before.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "closable_queue/descriptor.h"

#include "closable_queue/alert.h"
#include "closable_queue/shutdown.h"

static void ring_descriptor(weir__alert *alert) {
    weir__event_ring(&((weir__descriptor *)alert)->event);
}

/* Returns a new descriptor, which is neither readable nor has its alert left; NULL if none can be made. */
static weir__descriptor *create(void) {
    weir__descriptor *descriptor = weir__alloc(sizeof *descriptor);
    if (descriptor == NULL)
        return NULL;
    descriptor->alert.tell = ring_descriptor;
    descriptor->alert.kind = WEIR__ALERT_WATCH;
    if (weir__event_descriptor(&descriptor->event) >= 0)
        return descriptor;
    weir__free(descriptor);
    return NULL;
}

/* Both locks are held. */
static weir__descriptor *descriptor_locked(const weir_queue *queue, weir__side *side) {
    if (side->descriptor != NULL)
        return side->descriptor;
    side->descriptor = create();
    if (side->descriptor == NULL)
        return NULL;
    if (weir__side_is_ready_locked(queue, side))
        weir__event_ring(&side->descriptor->event);
    else
        weir__alert_leave_locked(side, &side->descriptor->alert);
    return side->descriptor;
}

static int descriptor_of(weir_queue *queue, weir__side *side) {
    weir__queue_lock_both(queue);
    weir__descriptor *descriptor = descriptor_locked(queue, side);
    int fd = descriptor == NULL ? -1 : weir__event_descriptor(&descriptor->event);
    weir__lock_release(&queue->consumers.lock);
    weir__lock_release(&queue->producers.lock);
    return fd;
}

int weir_queue_get_fd(weir_queue *queue) {
    return queue == NULL ? -1 : descriptor_of(queue, &queue->producers);
}

int weir_queue_put_fd(weir_queue *queue) {
    return queue == NULL ? -1 : descriptor_of(queue, &queue->consumers);
}

void weir__descriptor_quiet(weir_queue *queue, weir__side *side) {
    weir__lock_acquire(&side->lock);
    weir__descriptor *descriptor = side->descriptor;
    if (!descriptor->alert.left && !weir__side_is_ready_locked(queue, side)) {
        (void)weir__event_quiet(&descriptor->event);
        weir__alert_leave_locked(side, &descriptor->alert);
    }
    weir__lock_release(&side->lock);
}

void weir__descriptor_destroy(weir__descriptor *descriptor) {
    if (descriptor == NULL)
        return;
    weir__event_close(&descriptor->event);
    weir__free(descriptor);
}
