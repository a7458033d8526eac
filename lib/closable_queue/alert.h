/*
 * alert.h - Declares alerts and promises: for consumers and producers that do not sleep in the queue (Q13, Q14).
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_CLOSABLE_QUEUE_ALERT_H
#define WEIR_CLOSABLE_QUEUE_ALERT_H

#include "closable_queue/queue.h"

/* Leaves an alert, unless it is left already. The lock of the side is held. */
void weir__alert_leave_locked(weir__side *side, weir__alert *alert);

/* Whether there is no item. The producers' lock is held: the answer is exact (Q3). */
static inline bool weir__queue_is_empty_locked(const weir_queue *queue) {
    return weir__u64_load_relaxed(&queue->producers.index) == weir__queue_head(queue);
}

/* Leaves an alert for the next item. Returns false, and leaves none, if there is an item or the queue is closed. */
bool weir__queue_alert_item(weir_queue *queue, weir__alert *alert);

/*
 * Promises up to `most` places. Returns their number. If there is no room, leaves the alert for room in half of the
 * queue, and returns 0. If the queue is sealed, promises all.
 */
size_t weir__queue_promise(weir_queue *queue, size_t most, weir__alert *alert);

/* Withdraws promises: after the puts, or instead of them. */
void weir__queue_withdraw(weir_queue *queue, size_t count);

/* Release a side's lock after a publish: wake one sleeper and tell the alerts. */
void weir__queue_tell_item(weir_queue *queue);
void weir__queue_tell_room(weir_queue *queue);

static inline void weir__queue_publish_item(weir_queue *queue) {
    weir__side *side = &queue->producers;
    if (side->alerts == NULL)
        weir__park_release_one(&side->park, &side->lock);
    else
        weir__queue_tell_item(queue);
}

static inline void weir__queue_publish_room(weir_queue *queue) {
    weir__side *side = &queue->consumers;
    if (side->alerts == NULL)
        weir__park_release_one(&side->park, &side->lock);
    else
        weir__queue_tell_room(queue);
}

#endif /* WEIR_CLOSABLE_QUEUE_ALERT_H */
