/*
 * put.c - Implements the producers' side: put in all its forms, and close, which puts a sentinel. See queue.h.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "closable_queue/put.h"

#include "closable_queue/alert.h"
#include "closable_queue/refuse.h"
#include "closable_queue/segment.h"
#include "closable_queue/share.h"

/* Returns the spare segment or a new one; NULL if out of memory. */
static weir__segment *another_segment(weir_queue *queue) {
    weir__segment *spare = weir__ptr_exchange_acquire_release(&queue->spare, NULL);
    return spare != NULL ? spare : weir__segment_create();
}

/* Moves on to the first slot of the next segment, which it creates if the queue is unbounded. */
static weir_status enter_next_segment_locked(weir_queue *queue) {
    weir__side *side = &queue->producers;
    weir__assert(side->place.slot == side->place.segment->end); /* S2 */
    weir__segment *segment = side->place.segment;
    if (!weir__queue_is_bounded(queue)) {
        segment = another_segment(queue);
        if (segment == NULL)
            return WEIR_NOMEM;
        weir__assert(weir__ptr_peek(&side->place.segment->next) == NULL); /* S2 */
        weir__segment_link(side->place.segment, segment);
    }
    side->place = weir__segment_begin(segment);
    return WEIR_OK;
}

static inline weir_status put_one_locked(weir_queue *queue, void *item) {
    weir__side *side = &queue->producers;
    if (side->sealed)
        return WEIR_CLOSED;
    if (side->place.slot == side->place.segment->end) {
        weir_status status = enter_next_segment_locked(queue);
        if (status != WEIR_OK)
            return status;
    }
    weir__slot *slot = side->place.slot;
    if (side->held || weir__ptr_load_acquire(slot) != WEIR__EMPTY) /* Q16 */
        return WEIR_FULL;
    uint64_t position = weir__u64_load_relaxed(&side->index);
    if (queue->stamped && item != WEIR__SENTINEL)
        *(uint64_t *)item = position;                    /* Q10 */
    weir__u64_store_release(&side->index, position + 1); /* Q2: before the slot */
    weir__ptr_store_release(slot, item);
    side->place.slot = slot + 1;
    weir__assert(weir__u64_peek(&queue->consumers.index) <= position + 1); /* Q2: head <= tail */
    weir__assert(weir__lock_is_held(&side->lock) && !side->closed);        /* Q1, Q5 */
    return WEIR_OK;
}

/*
 * Puts as many items as there is room for. Returns WEIR_OK if it put at least one; a port may refuse the others. `*watch`
 * is the next slot to fill; NULL: the queue is held (Q16).
 */
static weir_status put_some(weir_queue *queue, void *const *items, size_t count, size_t *put, weir__slot **watch) {
    weir__side *side = &queue->producers;
    weir_status status = WEIR_OK;
    size_t done = 0;

    weir__lock_acquire(&side->lock);
    while (done < count && (status = put_one_locked(queue, items[done])) == WEIR_OK)
        done++;
    *watch = side->held ? NULL : side->place.slot;
    if (done == 0)
        return weir__put_refuse(queue, status, items, count, put);
    weir__queue_publish_item(queue);
    *put += done;
    return WEIR_OK;
}

/* Q18. `stop` may be NULL. */
static bool must_stop(const weir__u32 *stop) {
    return stop != NULL && weir__u32_load_acquire(stop) != 0;
}

/* Blocks until there may be room. Returns false only if the deadline has passed, or `stop` is set. */
static bool sleep_for_room(weir_queue *queue, weir_deadline deadline, const weir__u32 *stop) {
    weir__side *side = &queue->consumers; /* Q3 */
    bool in_time = true, token = false;
    weir__lock_acquire(&side->lock);
    while (in_time && !side->sealed && weir__queue_room_locked(queue) == 0 && !must_stop(stop)) {
        in_time = weir__park_wait(&side->park, &side->lock, deadline, &token);
        if (queue->port == NULL) /* else the wake may be that of a get, which makes no room at the port */
            break;
    }
    if (token && weir__queue_room_locked(queue) > 1)
        weir__park_release_one(&side->park, &side->lock); /* Q4 */
    else
        weir__lock_release(&side->lock);
    return in_time && !must_stop(stop);
}

static bool look_at_slot(const void *outlook, size_t ahead) {
    return weir__ptr_load_relaxed(weir__outlook_slot(outlook, ahead)) == WEIR__EMPTY;
}

/* Spins, then blocks, until there may be room. Returns false as sleep_for_room. */
static bool wait_for_room(weir_queue *queue, const weir__slot *watch, weir_deadline deadline, const weir__u32 *stop) {
    if (deadline != WEIR_NEVER && weir__clock_now() >= deadline)
        return false;
    const weir__outlook outlook = {queue, watch};
    if (watch != NULL &&
        weir__spin_until(&queue->producers.spin, look_at_slot, &outlook, weir__queue_far(queue), deadline))
        return true;
    return sleep_for_room(queue, deadline, stop);
}

/* Puts all items, waiting for room until the deadline, or until `stop` is set. `*put` is the number of items put. */
static weir_status put_all(weir_queue *queue, void *const *items, size_t count, size_t *put, weir_deadline deadline,
                           const weir__u32 *stop) {
    bool in_time = true;
    *put = 0;
    while (*put < count) {
        weir__slot *watch;
        weir_status status = put_some(queue, items + *put, count - *put, put, &watch);
        if (status == WEIR_OK)
            continue;
        if (status != WEIR_FULL)
            return status;
        if (!in_time)
            return WEIR_TIMEDOUT;
        in_time = wait_for_room(queue, watch, deadline, stop); /* tries once more: room at the deadline counts */
    }
    return WEIR_OK;
}

static weir_status put_waiting(weir_queue *queue, void *item, weir_deadline deadline, const weir__u32 *stop) {
    size_t put;
    return put_all(queue, &item, 1, &put, deadline, stop);
}

/* Puts one item, in fewer instructions if there is room. */
static inline weir_status put_one(weir_queue *queue, void *item) {
    weir__lock_acquire(&queue->producers.lock);
    weir_status status = put_one_locked(queue, item);
    if (status != WEIR_OK)
        return weir__put_refuse_one(queue, status, item);
    weir__queue_publish_item(queue);
    return WEIR_OK;
}

static inline weir_status put_now(weir_queue *queue, void *item) {
    return queue == NULL || weir__slot_is_reserved(item) ? WEIR_INVALID : put_one(queue, item);
}

static weir_status put_until(weir_queue *queue, void *item, weir_deadline deadline) {
    weir_status status = put_now(queue, item);
    return status == WEIR_FULL ? put_waiting(queue, item, deadline, NULL) : status;
}

weir_status weir_queue_put(weir_queue *queue, void *item) {
    return put_until(queue, item, WEIR_NEVER);
}

weir_status weir__queue_put_unless(weir_queue *queue, void *item, const weir__u32 *stop) {
    return weir__slot_is_reserved(item) ? WEIR_INVALID : put_waiting(queue, item, WEIR_NEVER, stop);
}

weir_status weir_queue_put_until(weir_queue *queue, void *item, weir_deadline deadline) {
    return put_until(queue, item, deadline);
}

weir_status weir_queue_try_put(weir_queue *queue, void *item) {
    return put_now(queue, item);
}

static bool are_usable(const weir_queue *queue, void *const *items, size_t count, size_t *put) {
    if (put == NULL)
        return false;
    *put = 0;
    if (queue == NULL || (items == NULL && count > 0))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (weir__slot_is_reserved(items[i]))
            return false;
    }
    return true;
}

weir_status weir_queue_put_many_until(weir_queue *queue, void *const *items, size_t count, size_t *put,
                                      weir_deadline deadline) {
    return are_usable(queue, items, count, put) ? put_all(queue, items, count, put, deadline, NULL) : WEIR_INVALID;
}

weir_status weir_queue_put_many(weir_queue *queue, void *const *items, size_t count, size_t *put) {
    return weir_queue_put_many_until(queue, items, count, put, WEIR_NEVER);
}

weir_status weir_queue_try_put_many(weir_queue *queue, void *const *items, size_t count, size_t *put) {
    weir_status status = WEIR_OK;
    weir__slot *watch;
    if (!are_usable(queue, items, count, put))
        return WEIR_INVALID;
    while (*put < count && status == WEIR_OK) /* the last call returns why no more can be put */
        status = put_some(queue, items + *put, count - *put, put, &watch);
    return status;
}

weir_status weir_queue_close(weir_queue *queue) {
    if (queue == NULL)
        return WEIR_INVALID;
    return put_waiting(queue, WEIR__SENTINEL, WEIR_NEVER, NULL);
}
