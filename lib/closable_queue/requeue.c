/*
 * requeue.c - Implements requeueing.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "closable_queue/requeue.h"

#include "closable_queue/alert.h"
#include "closable_queue/delivery.h"
#include "closable_queue/shutdown.h"

/* Q8. Lowers the head by one: the item counts as not taken. */
static void uncount_locked(weir__side *consumers) {
    weir__u64_store_release(&consumers->index, weir__u64_load_relaxed(&consumers->index) - 1);
    consumers->requeued++;
}

static void push_locked(weir_queue *queue, weir__requeued *place) {
    weir__aside *aside = &queue->aside;
    place->turn = 0;
    place->next = aside->first;
    if (aside->first == NULL)
        aside->last = place;
    aside->first = place;
    uncount_locked(&queue->consumers);
}

/* Puts the place behind all filled slots. */
static void append_locked(weir_queue *queue, weir__requeued *place) {
    weir__aside *aside = &queue->aside;
    place->turn = weir__u64_load_relaxed(&queue->producers.index) - queue->consumers.fed;
    place->next = NULL;
    if (aside->first == NULL)
        aside->first = place;
    else
        aside->last->next = place;
    aside->last = place;
    weir__assert(aside->first->turn <= place->turn); /* Q8 */
}

/*
 * Releases the locks and wakes a consumer. The head has changed under the lock under which blocking consumers check it,
 * so each of them sees the item or is woken for it (Q8). If a discard has begun, discards the requeued items, which may
 * have come too late for it.
 */
static void end_requeue(weir_queue *queue, bool any) {
    weir__queue_assert_locked(queue);
    bool discarding = any && queue->consumers.discarding;
    weir__lock_release(&queue->consumers.lock);
    weir__queue_publish_item(queue);
    if (discarding)
        weir__queue_discard(queue);
}

void weir__queue_requeue(weir_queue *queue, weir__requeued *place) {
    weir__queue_lock_both(queue);
    append_locked(queue, place);
    uncount_locked(&queue->consumers);
    end_requeue(queue, true);
}

/* Q8. Raises the tail, and counts the item as not taken. The head stays. */
static void count_fed_locked(weir_queue *queue, weir__requeued *place) {
    uint64_t position = weir__u64_load_relaxed(&queue->producers.index);
    if (queue->stamped)
        *(uint64_t *)place->item = position; /* Q10 */
    weir__u64_store_release(&queue->producers.index, position + 1);
    queue->consumers.requeued++;
    queue->consumers.fed++;
}

bool weir__queue_feed(weir_queue *queue, weir__requeued *place) {
    weir__queue_lock_both(queue);
    bool open = !queue->producers.closed;
    if (open) {
        append_locked(queue, place);
        count_fed_locked(queue, place);
    }
    end_requeue(queue, open);
    return open;
}

weir_status weir__queue_arrive(weir_queue *queue, weir__requeued *place, size_t window) {
    weir__queue_lock_both(queue);
    bool closed = queue->consumers.closed, full = queue->consumers.requeued >= window;
    if (closed || full) {
        weir__lock_release(&queue->consumers.lock);
        weir__lock_release(&queue->producers.lock);
        return closed ? WEIR_CLOSED : WEIR_FULL;
    }
    append_locked(queue, place);
    uncount_locked(&queue->consumers);
    end_requeue(queue, true);
    return WEIR_OK;
}

void weir__queue_requeue_first(weir_queue *queue, weir__requeued *place) {
    weir__queue_lock_both(queue);
    push_locked(queue, place);
    end_requeue(queue, true);
}

/* Goes from the last slot to the first, so that the items stay in order. Returns whether there were any. */
static bool take_back_locked(weir_queue *queue, weir__slot *slots, size_t count, weir__requeued *places) {
    bool any = false;
    while (count-- > 0) {
        void *item = weir__ptr_exchange_acquire_release(&slots[count], WEIR__EMPTY);
        if (item == WEIR__EMPTY)
            continue;
        weir__requeued *place = queue->port == NULL ? &places[count] : weir__delivery_untake(queue->port);
        place->item = item;
        push_locked(queue, place);
        any = true;
    }
    return any;
}

void weir__queue_give_back(weir_queue *queue, weir__slot *slots, size_t count, weir__returned *returned,
                           size_t workers) {
    weir__queue_lock_both(queue);
    weir__assert(queue->consumers.workers >= workers);
    queue->consumers.workers -= workers;
    bool any = take_back_locked(queue, slots, count, returned->places);
    if (any) {
        returned->next = queue->aside.memory;
        queue->aside.memory = returned;
    }
    end_requeue(queue, any);
    if (!any)
        weir__free(returned);
}
