/*
 * get.c - the consumers' side: get in all its forms.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "closable_queue/front.h"

static inline bool at_mark(const weir_queue *queue, const weir__u64 *mark) {
    return mark != NULL && weir__u64_load_relaxed(&queue->consumers.index) >= weir__u64_load_acquire(mark);
}

/* What a get has come to. */
struct taken {
    size_t count;
    bool sentinel;
};

/*
 * Takes up to `max` items, or one sentinel. The mark is looked at after the slot was acquired: it was set before
 * anything behind it was put, so whoever sees such an item sees the mark.
 */
static weir_status take_locked(weir_queue *queue, void **items, size_t max, const weir__u64 *mark,
                               struct taken *taken) {
    weir__side *side = &queue->consumers;
    if (side->discarding)
        return WEIR_CLOSED;
    while (taken->count < max) {
        void *item = weir__front_item(queue);
        if (item == WEIR__EMPTY || at_mark(queue, mark))
            break;
        if (item == WEIR__SENTINEL && taken->count > 0)
            break;
        weir__front_take(side);
        if (item == WEIR__SENTINEL) {
            taken->sentinel = true;
            return WEIR_CLOSED;
        }
        items[taken->count++] = item;
    }
    if (taken->count > 0)
        return WEIR_OK;
    return side->closed || at_mark(queue, mark) ? WEIR_CLOSED : WEIR_EMPTY;
}

/* Takes what is there, up to `max`; WEIR_EMPTY: nothing. */
static weir_status get_some(weir_queue *queue, void **items, size_t max, size_t *got, const weir__u64 *mark,
                            const weir__slot **watch) {
    weir__side *side = &queue->consumers;
    struct taken taken = {0};

    weir__lock_acquire(&side->lock);
    weir_status status = take_locked(queue, items, max, mark, &taken);
    *watch = side->place.slot;
    if (taken.count > 0 || taken.sentinel)
        weir__park_release_one(&side->park, &side->lock);
    else
        weir__lock_release(&side->lock);

    if (taken.sentinel)
        weir__queue_settle(queue, 1); /* the last touch: a join may return now, and the queue be gone */
    *got = taken.count;
    return status;
}

static uint64_t waiting_items(const weir_queue *queue) {
    return weir__u64_load_relaxed(&queue->producers.index) - weir__u64_load_relaxed(&queue->consumers.index);
}

/* Sleeps until there may be an item. Returns false only when the deadline has passed. */
static bool sleep_for_item(weir_queue *queue, const weir__u64 *mark, weir_deadline deadline) {
    weir__side *side = &queue->producers; /* Q3 */
    bool in_time = true, token = false;
    weir__lock_acquire(&side->lock);
    if (!side->closed && waiting_items(queue) == 0 && !at_mark(queue, mark))
        in_time = weir__park_wait(&side->park, &side->lock, deadline, &token);
    if (token && waiting_items(queue) > (at_mark(queue, mark) ? 0 : 1))
        weir__park_release_one(&side->park, &side->lock); /* Q4 */
    else
        weir__lock_release(&side->lock);
    return in_time;
}

static bool has_item(const weir__slot *slot) {
    return weir__ptr_load_relaxed(slot) != WEIR__EMPTY;
}

/* Bounded queues only: their slots stay where they are while nobody holds the lock. */
static weir__sight look_at_slot(const void *raw) {
    const weir__ahead *ahead = raw;
    if (!has_item(ahead->slot))
        return WEIR__SEE_NOTHING;
    if (!has_item(ahead->next))
        return WEIR__SEE_ONE;
    return has_item(ahead->opposite) ? WEIR__SEE_PLENTY : WEIR__SEE_SEVERAL;
}

/* For an unbounded queue, whose slots may be freed while nobody holds the lock. */
static weir__sight look_at_counts(const void *queue) {
    uint64_t items = waiting_items(queue);
    return items == 0 ? WEIR__SEE_NOTHING : items == 1 ? WEIR__SEE_ONE : WEIR__SEE_SEVERAL;
}

/*
 * Waits awake for a moment. Where only the counts can be looked at they may promise an item that a producer, put aside in
 * the middle of its put, has yet to fill in; so `misled`, which says that the last promise was empty, ends this: the
 * sleep that comes instead waits for the producers' lock.
 */
static bool spin_for_item(weir_queue *queue, const weir__slot *watch, bool misled) {
    weir__spin *spin = &queue->consumers.spin;
    if (weir__queue_is_bounded(queue)) {
        weir__ahead ahead = weir__queue_ahead(queue, watch);
        return weir__spin_until(spin, look_at_slot, &ahead);
    }
    return !misled && weir__spin_until(spin, look_at_counts, queue);
}

/* Waits until there may be an item. Returns false only when the deadline has passed. */
static bool wait_for_item(weir_queue *queue, const weir__slot *watch, const weir__u64 *mark, weir_deadline deadline,
                          bool *misled) {
    if (deadline != WEIR_NEVER && weir__clock_now() >= deadline)
        return false;
    *misled = spin_for_item(queue, watch, *misled);
    return *misled || sleep_for_item(queue, mark, deadline);
}

/* Waits for the first item until the deadline, then takes what is there. What comes with the deadline counts too. */
static weir_status get_until(weir_queue *queue, void **items, size_t max, size_t *got, const weir__u64 *mark,
                             weir_deadline deadline) {
    bool in_time = true, misled = false;
    for (;;) {
        const weir__slot *watch;
        weir_status status = get_some(queue, items, max, got, mark, &watch);
        if (status != WEIR_EMPTY)
            return status;
        if (!in_time)
            return WEIR_TIMEDOUT;
        in_time = wait_for_item(queue, watch, mark, deadline, &misled);
    }
}

weir_status weir__queue_get_to_mark(weir_queue *queue, void **item, const weir__u64 *mark) {
    size_t got;
    return get_until(queue, item, 1, &got, mark, WEIR_NEVER);
}

weir_status weir_queue_get(weir_queue *queue, void **item) {
    size_t got;
    if (queue == NULL || item == NULL)
        return WEIR_INVALID;
    return get_until(queue, item, 1, &got, NULL, WEIR_NEVER);
}

weir_status weir_queue_get_until(weir_queue *queue, void **item, weir_deadline deadline) {
    size_t got;
    if (queue == NULL || item == NULL)
        return WEIR_INVALID;
    return get_until(queue, item, 1, &got, NULL, deadline);
}

weir_status weir_queue_try_get(weir_queue *queue, void **item) {
    const weir__slot *watch;
    size_t got;
    if (queue == NULL || item == NULL)
        return WEIR_INVALID;
    return get_some(queue, item, 1, &got, NULL, &watch);
}

weir_status weir_queue_get_many(weir_queue *queue, void **items, size_t max, size_t *got) {
    if (got == NULL)
        return WEIR_INVALID;
    *got = 0;
    if (queue == NULL || items == NULL || max == 0)
        return WEIR_INVALID;
    return get_until(queue, items, max, got, NULL, WEIR_NEVER);
}

void weir__queue_mark(weir_queue *queue, weir__u64 *mark) {
    weir__side *side = &queue->producers;
    weir__lock_acquire(&side->lock);
    weir__u64_store_release(mark, weir__u64_load_relaxed(&side->index));
    weir__park_release_all(&side->park, &side->lock);
}
