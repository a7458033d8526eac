/*
 * alert.c - Implements alerts and promises.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "closable_queue/alert.h"

/* ---- the list of a side ---- */

/* Returns the alert before which this one goes: those of its kind, or NULL, the end of the list, for a select. */
static weir__alert *successor(const weir__side *side, const weir__alert *alert) {
    weir__alert *at = alert->kind == WEIR__ALERT_SELECT ? NULL : side->alerts;
    while (at != NULL && at->kind < alert->kind)
        at = at->next;
    return at;
}

void weir__alert_leave_locked(weir__side *side, weir__alert *alert) {
    weir__alert *first = side->alerts, *next = successor(side, alert);
    weir__assert(weir__lock_is_held(&side->lock)); /* Q13 */
    if (alert->left)
        return;
    alert->left = true;
    side->watching += alert->kind != WEIR__ALERT_STAGE;
    alert->next = next;
    alert->before = first == NULL ? alert : next == NULL ? first->before : next->before;
    if (next == first)
        side->alerts = alert;
    else
        alert->before->next = alert;
    if (first != NULL)
        (next == NULL ? first : next)->before = alert;
}

static void take_locked(weir__side *side, weir__alert *alert) {
    weir__alert *first = side->alerts, *next = alert->next;
    weir__assert(alert->left && weir__lock_is_held(&side->lock)); /* Q13 */
    (next == NULL ? first : next)->before = alert->before;
    if (alert == first)
        side->alerts = next;
    else
        alert->before->next = next;
    alert->next = NULL;
    alert->left = false;
    side->watching -= alert->kind != WEIR__ALERT_STAGE;
}

/* ---- those that watch ---- */

/* Q19. Tells the descriptor and one select. */
static void tell_watching_locked(weir__side *side) {
    weir__alert *alert = side->watching > 0 ? side->alerts : NULL;
    while (alert != NULL && alert->kind == WEIR__ALERT_STAGE)
        alert = alert->next;
    for (bool more = true; alert != NULL && more;) {
        weir__alert *next = alert->next;
        more = alert->kind != WEIR__ALERT_SELECT;
        take_locked(side, alert);
        alert->tell(alert);
        alert = next;
    }
}

bool weir__queue_watch(weir_queue *queue, weir__side *side, weir__alert *alert) {
    weir__lock_acquire(&side->lock);
    bool ready = weir__side_is_ready_locked(queue, side);
    if (!ready)
        weir__alert_leave_locked(side, alert);
    weir__lock_release(&side->lock);
    return !ready;
}

void weir__queue_unwatch(weir_queue *queue, weir__side *side, weir__alert *alert) {
    weir__lock_acquire(&side->lock);
    if (alert->left)
        take_locked(side, alert);
    else if (weir__side_is_ready_locked(queue, side))
        tell_watching_locked(side);
    weir__lock_release(&side->lock);
}

void weir__queue_tell_change_locked(weir_queue *queue) {
    weir__side *producers = &queue->producers, *consumers = &queue->consumers;
    if (producers->watching > 0 && weir__queue_has_item_locked(queue))
        tell_watching_locked(producers);
    if (consumers->watching > 0 && weir__queue_has_room_locked(queue))
        tell_watching_locked(consumers);
}

/* ---- items ---- */

bool weir__queue_alert_item(weir_queue *queue, weir__alert *alert) {
    return weir__queue_watch(queue, &queue->producers, alert);
}

/*
 * Takes the alert of a stage out of a side, and releases its lock. Returns NULL if none is left. The caller tells it, and
 * then the next one: as soon as an alert is taken, its owner may leave it again.
 */
static weir__alert *take_release(weir__side *side) {
    weir__alert *first = side->alerts, *alert = first != NULL && first->kind == WEIR__ALERT_STAGE ? first : NULL;
    weir__assert(weir__lock_is_held(&side->lock)); /* Q13 */
    if (alert != NULL)
        take_locked(side, alert);
    weir__park_release_one(&side->park, &side->lock);
    return alert;
}

/* Tells all alerts of stages that are left now. Releases the lock. */
static void tell_release(weir__side *side) {
    weir__alert *last = NULL, *alert;
    for (weir__alert *at = side->alerts; at != NULL && at->kind == WEIR__ALERT_STAGE; at = at->next)
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
    if (weir__queue_has_item_locked(queue)) /* not if nothing was requeued */
        tell_watching_locked(&queue->producers);
    tell_release(&queue->producers);
}

/* ---- room ---- */

/* Returns the number of places that are neither filled nor promised. */
static uint64_t unpromised_locked(const weir_queue *queue) {
    const weir__side *side = &queue->consumers;
    uint64_t used = weir__u64_load_relaxed(&queue->producers.index) - weir__queue_emptied(queue) + side->promised;
    return used >= queue->capacity ? 0 : queue->capacity - used;
}

static void leave_for_room_locked(weir_queue *queue, weir__alert *alert) {
    weir__side *side = &queue->consumers;
    if (side->alerts == NULL || side->alerts->kind != WEIR__ALERT_STAGE)
        side->left_at = weir__queue_emptied(queue);
    weir__alert_leave_locked(side, alert);
}

size_t weir__queue_promise(weir_queue *queue, size_t most, weir__alert *alert) {
    weir__side *side = &queue->consumers;
    weir__lock_acquire(&side->lock);
    uint64_t room = side->sealed ? most : unpromised_locked(queue);
    size_t count = room < most ? (size_t)room : most;
    if (count == 0 && side->overdue)
        count = 1; /* Q14 */
    side->overdue = false;
    side->promised += count;
    if (count == 0)
        leave_for_room_locked(queue, alert);
    weir__lock_release(&side->lock);
    return count;
}

/* Q14. Whether producers that sleep have filled the places since the alerts were left. */
static bool is_overdue_locked(const weir_queue *queue) {
    const weir__side *side = &queue->consumers;
    return side->park.sleepers > 0 && (weir__queue_emptied(queue) - side->left_at) * 2 >= queue->capacity &&
           side->alerts != NULL && side->alerts->kind == WEIR__ALERT_STAGE;
}

/* Stages are told once half of the queue is free, so that each runs a batch of calls. */
void weir__queue_tell_room(weir_queue *queue) {
    weir__side *side = &queue->consumers;
    if (weir__queue_has_room_locked(queue))
        tell_watching_locked(side);
    bool half = unpromised_locked(queue) * 2 >= queue->capacity || side->sealed;
    if (!half && is_overdue_locked(queue))
        half = side->overdue = true;
    if (half)
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
