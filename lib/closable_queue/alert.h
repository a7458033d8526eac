/*
 * alert.h - Declares alerts and promises: for consumers and producers that do not sleep in the queue (Q13, Q14, Q19).
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

/* Whether a get would return something other than WEIR_EMPTY. The producers' lock is held. */
static inline bool weir__queue_has_item_locked(const weir_queue *queue) {
    return queue->producers.closed || !weir__queue_is_empty_locked(queue);
}

/*
 * Returns the number of slots that a put could fill, promised ones included. The consumers' lock is held. The result is
 * too large only if items were put that the calling thread has not seen.
 */
static inline uint64_t weir__queue_room_locked(const weir_queue *queue) {
    uint64_t filled = weir__u64_load_relaxed(&queue->producers.index) - weir__queue_emptied(queue);
    return queue->consumers.held || filled >= queue->capacity ? 0 : queue->capacity - filled;
}

/* Whether a put would return something other than WEIR_FULL. The consumers' lock is held. */
static inline bool weir__queue_has_room_locked(const weir_queue *queue) {
    return queue->consumers.sealed || weir__queue_room_locked(queue) > 0;
}

/* Whether what the alerts of this side wait for is there: an item or room. The lock of the side is held. */
static inline bool weir__side_is_ready_locked(const weir_queue *queue, const weir__side *side) {
    return side == &queue->producers ? weir__queue_has_item_locked(queue) : weir__queue_has_room_locked(queue);
}

/*
 * Q19. Leaves the alert of a select, for an item in the producers' side or for room in the consumers'. Returns false, and
 * leaves none, if that is there. The select passes on what it leaves there: it calls weir__queue_unwatch in the end.
 */
bool weir__queue_watch(weir_queue *queue, weir__side *side, weir__alert *alert);

/* Takes the alert out. If it was told, or not left, and there is something, tells the next select. */
void weir__queue_unwatch(weir_queue *queue, weir__side *side, weir__alert *alert);

/* Whether the alert of a select is left. The lock of the side is held. */
static inline bool weir__side_has_selects_locked(const weir__side *side) {
    bool descriptor = side->descriptor != NULL && side->descriptor->alert.left;
    return side->watching > descriptor;
}

/* Tells what watches (Q19), where a change of the whole queue has made something ready. Both locks are held. */
void weir__queue_tell_change_locked(weir_queue *queue);

/* Leaves an alert for the next item. Returns false, and leaves none, if there is an item or the queue is closed. */
bool weir__queue_alert_item(weir_queue *queue, weir__alert *alert);

/*
 * Promises up to `most` places. Returns their number. If there is no room, leaves the alert, and returns 0: for room in
 * half of the queue, or for any if the alert watches. If the queue is sealed, promises all.
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
