/*
 * shutdown.c - Implements shutdown, seal, hold and discard: what ends or holds up a queue for all threads. See queue.h.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "closable_queue/shutdown.h"

#include "closable_queue/alert.h"
#include "closable_queue/drop.h"
#include "closable_queue/front.h"
#include "closable_queue/port.h"
#include "closable_queue/port_settle.h"
#include "closable_queue/settle.h"

enum { AT_ONCE = 4 }; /* maximum number of items and sentinels removed under one hold of the lock */

void weir__queue_close_locked(weir_queue *queue) {
    weir__side *producers = &queue->producers, *consumers = &queue->consumers;
    weir__queue_assert_locked(queue);
    producers->closed = consumers->closed = true;
    producers->sealed = consumers->sealed = true;
    weir__u32_store_relaxed(&queue->closed, 1);
    if (queue->port != NULL)
        weir__port_wake_deliverers_locked(queue->port); /* Q24 */
}

void weir__queue_release_and_wake(weir_queue *queue, bool consumers_too) {
    weir__side *producers = &queue->producers, *consumers = &queue->consumers;
    weir__queue_tell_change_locked(queue);
    bool wake_consumers = consumers_too && weir__park_wake_all(&producers->park);
    bool wake_producers = weir__park_wake_all(&consumers->park);
    weir__lock_release(&consumers->lock);
    weir__lock_release(&producers->lock);
    if (wake_consumers)
        weir__park_signal(&producers->park, WEIR__EVERYONE);
    if (wake_producers)
        weir__park_signal(&consumers->park, WEIR__EVERYONE);
}

void weir__queue_lock_both(weir_queue *queue) {
    weir__lock_acquire(&queue->producers.lock);
    weir__lock_acquire(&queue->consumers.lock);
}

void weir__queue_end(weir_queue *queue, bool discarding) {
    weir__side *consumers = &queue->consumers;
    weir__queue_lock_both(queue);
    weir__queue_close_locked(queue);
    consumers->discarding = consumers->discarding || discarding;
    weir__u32_store_release(&queue->discarding, consumers->discarding);
    weir__queue_release_and_wake(queue, true);
}

void weir__queue_seal(weir_queue *queue) {
    weir__queue_lock_both(queue);
    queue->producers.sealed = queue->consumers.sealed = true;
    weir__queue_release_and_wake(queue, false);
}

void weir__queue_hold(weir_queue *queue, bool held) {
    weir__queue_lock_both(queue);
    queue->producers.held = queue->consumers.held = held;
    weir__queue_release_and_wake(queue, false);
}

/*
 * Removes a batch of items and sentinels from the queue. Returns their number, all of which the caller must settle.
 * `*count` is the number of items among them.
 */
static size_t take_out(weir_queue *queue, void **items, size_t *count) {
    weir__side *side = &queue->consumers;
    size_t taken = 0;
    *count = 0;
    weir__lock_acquire(&side->lock);
    for (void *item; taken < AT_ONCE && (item = weir__front_item(queue)) != WEIR__EMPTY; taken++) {
        weir__front_take(queue);
        if (item != WEIR__SENTINEL)
            items[(*count)++] = item;
    }
    if (*count > 0)
        weir__u32_store_relaxed(&queue->settled.discarded, 1); /* for joins, released by the settle */
    weir__lock_release(&side->lock);
    return taken;
}

void weir__queue_discard(weir_queue *queue) {
    void *items[AT_ONCE];
    size_t taken, count;
    weir__callout callout;
    if (weir__callout_is_inside(queue, WEIR__DISCARDING)) /* Q7 */
        return;
    weir__callout_begin(&callout, queue, WEIR__DISCARDING);
    while ((taken = take_out(queue, items, &count)) > 0) {
        for (size_t i = 0; i < count; i++)
            weir__queue_drop(queue, items[i]); /* Q7 */
        if (queue->port == NULL)
            weir__queue_settle(queue, taken);
        else
            weir__port_give_back(queue, taken);
    }
    weir__callout_end(&callout);
}

bool weir__queue_is_discarded(weir_queue *queue) {
    weir__side *side = &queue->consumers;
    weir__lock_acquire(&side->lock);
    bool discarded = weir__u32_load_relaxed(&queue->settled.discarded) != 0 ||
                     (side->discarding && weir__queue_head(queue) < weir__queue_tail(queue));
    weir__lock_release(&side->lock);
    return discarded;
}

weir_status weir_queue_shutdown(weir_queue *queue, weir_shutdown_mode mode) {
    if (queue == NULL || (mode != WEIR_DRAIN && mode != WEIR_DISCARD))
        return WEIR_INVALID;
    weir__queue_end(queue, mode == WEIR_DISCARD);
    if (mode == WEIR_DISCARD)
        weir__queue_discard(queue);
    return WEIR_OK;
}
