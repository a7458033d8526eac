/*
 * alert.c - Implements alerts and promises.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "closable_queue/alert.h"

/* ---- items ---- */

void weir__alert_leave_locked(weir__side *side, weir__alert *alert) {
    if (alert->left)
        return;
    alert->left = true;
    alert->next = side->alerts;
    side->alerts = alert;
}

bool weir__queue_alert_item(weir_queue *queue, weir__alert *alert) {
    weir__side *side = &queue->producers;
    weir__lock_acquire(&side->lock);
    bool empty = !side->closed && weir__queue_is_empty_locked(queue);
    if (empty)
        weir__alert_leave_locked(side, alert);
    weir__lock_release(&side->lock);
    return empty;
}

/*
 * Takes an alert of a side, and releases its lock. Returns NULL if none is left. The caller tells it, and then the next
 * one: as soon as an alert is taken, its owner may leave it again.
 */
static weir__alert *take_release(weir__side *side) {
    weir__alert *alert = side->alerts;
    weir__assert(weir__lock_is_held(&side->lock)); /* Q13 */
    if (alert != NULL) {
        side->alerts = alert->next;
        alert->left = false;
    }
    weir__park_release_one(&side->park, &side->lock);
    return alert;
}

/* Tells all alerts that are left now. Releases the lock. */
static void tell_release(weir__side *side) {
    weir__alert *last = NULL, *alert;
    for (weir__alert *at = side->alerts; at != NULL; at = at->next)
        last = at;
    while ((alert = take_release(side)) != NULL) {
        bool done = alert == last;
        alert->tell(alert);
        if (done)
            return;
        weir__lock_acquire(&side->lock);
    }
}

void weir__queue_tell_item(weir_queue *queue) {
    tell_release(&queue->producers);
}

/* ---- room ---- */

/* Returns the number of places that are neither filled nor promised. */
static uint64_t room_locked(const weir_queue *queue) {
    const weir__side *side = &queue->consumers;
    uint64_t used = weir__u64_load_relaxed(&queue->producers.index) - weir__queue_emptied(queue) + side->promised;
    return used >= queue->capacity ? 0 : queue->capacity - used;
}

size_t weir__queue_promise(weir_queue *queue, size_t most, weir__alert *alert) {
    weir__side *side = &queue->consumers;
    weir__lock_acquire(&side->lock);
    uint64_t room = side->sealed ? most : room_locked(queue);
    size_t count = room < most ? (size_t)room : most;
    side->promised += count;
    if (count == 0)
        weir__alert_leave_locked(side, alert);
    weir__lock_release(&side->lock);
    return count;
}

/* Alerts are told once half of the queue is free, so that each runs a batch of calls. */
void weir__queue_tell_room(weir_queue *queue) {
    weir__side *side = &queue->consumers;
    if (room_locked(queue) * 2 >= queue->capacity || side->sealed)
        tell_release(side);
    else
        weir__park_release_one(&side->park, &side->lock);
}

void weir__queue_withdraw(weir_queue *queue, size_t count) {
    weir__side *side = &queue->consumers;
    weir__lock_acquire(&side->lock);
    weir__assert(side->promised >= count); /* Q14 */
    side->promised -= count;
    if (side->alerts != NULL)
        weir__queue_tell_room(queue);
    else
        weir__lock_release(&side->lock);
}
