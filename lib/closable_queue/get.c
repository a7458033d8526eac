/*
 * get.c - Implements the consumers' side: get in all its forms. See queue.h.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "closable_queue/get.h"

#include "closable_queue/alert.h"
#include "closable_queue/descriptor.h"
#include "closable_queue/front.h"
#include "closable_queue/settle.h"
#include "closable_queue/share.h"

/* What a get asks for, and its result. */
struct request {
    void **items;             /* receives the items; unused if `share` is set */
    const weir__share *share; /* a worker's request; NULL: not a worker */
    size_t max, got;
    const weir__slot *watch; /* the front slot, to watch while waiting */
    bool sentinel;           /* a sentinel was taken */
};

static inline bool at_mark(const weir_queue *queue, const weir__team *team) {
    return team != NULL && weir__u64_load_relaxed(&queue->consumers.index) >= weir__u64_load_acquire(&team->mark);
}

static inline bool is_at_end(const weir_queue *queue, const struct request *request) {
    return at_mark(queue, request->share == NULL ? NULL : request->share->team);
}

/*
 * Stores an item in a worker's hold. The worker begins its first item at once. The second one lies in the hold until
 * then, and other workers may take it: so the hold is listed.
 */
static void keep_in_hold(const weir__share *share, size_t place, void *item) {
    weir__assert(place < share->hold->count && weir__ptr_peek(&share->hold->slots[place]) == WEIR__EMPTY); /* B1 */
    weir__ptr_store_release(&share->hold->slots[place], item);
    if (place == 1)
        weir__team_list(share->team, share->hold);
}

static inline void keep(struct request *request, void *item) {
    if (request->share != NULL)
        keep_in_hold(request->share, request->got++, item);
    else
        request->items[request->got++] = item;
}

/*
 * Takes up to `max` items, or one sentinel. Checks the mark after the acquire of the slot. The mark was set before
 * any item behind it was put, so a thread that sees such an item sees the mark.
 */
static inline weir_status take_locked(weir_queue *queue, struct request *request) {
    weir__side *side = &queue->consumers;
    weir__assert(weir__lock_is_held(&side->lock));   /* Q1 */
    weir__assert(!side->closed || side->sealed);     /* Q11 */
    weir__assert(!side->discarding || side->closed); /* Q5 */
    if (side->discarding)
        return WEIR_CLOSED;
    while (request->got < request->max) {
        void *item = weir__front_item(queue);
        if (item == WEIR__EMPTY || is_at_end(queue, request))
            break;
        if (item == WEIR__SENTINEL && request->got > 0)
            break;
        if (item == WEIR__SENTINEL)
            request->sentinel = true;
        else
            keep(request, item); /* before it counts as taken: see weir__queue_sleep */
        weir__front_take(queue);
        weir__assert(weir__u64_peek(&side->index) <= weir__u64_peek(&queue->producers.index)); /* Q2: head <= tail */
        if (request->sentinel)
            return WEIR_CLOSED;
    }
    if (request->got > 0)
        return WEIR_OK;
    return side->closed || is_at_end(queue, request) ? WEIR_CLOSED : WEIR_EMPTY;
}

static uint64_t waiting_items(const weir_queue *queue) {
    return weir__u64_load_relaxed(&queue->producers.index) - weir__queue_head(queue);
}

/*
 * Returns how many items a worker may take: at most its fair share, so that no item waits with it while another
 * worker is idle. The tail's cache line belongs to the producers. So this reads the tail only if the slot that makes
 * the share two is filled.
 */
static size_t share_locked(const weir_queue *queue, const weir__share *share) {
    const weir__side *side = &queue->consumers;
    const weir__place *place = &side->place;
    size_t ahead = 2 * side->workers - 1, left = (size_t)(place->segment->end - place->slot);
    if (share->most < 2 || side->last != share->team || side->requeued > 0) /* Q9 */
        return 1;
    if (ahead >= queue->capacity)
        return 1;
    if (ahead >= left && !weir__queue_is_bounded(queue))
        return 1;
    const weir__slot *second = ahead < left ? place->slot + ahead : place->segment->slots + (ahead - left);
    if (weir__ptr_load_relaxed(second) == WEIR__EMPTY)
        return 1;
    /* The tail may be a past value, but not one below the head: the last holder of the lock saw such a tail (Q2). */
    uint64_t due = waiting_items(queue) / side->workers;
    return due < 1 ? 1 : due < share->most ? (size_t)due : share->most;
}

/* Releases the lock after a get that has taken nothing. If the queue is empty, its descriptor is no longer readable. */
static void refuse_release(weir_queue *queue, weir_status status) {
    bool quiet = status == WEIR_EMPTY && queue->producers.descriptor != NULL;
    weir__lock_release(&queue->consumers.lock);
    if (quiet)
        weir__descriptor_quiet(queue, &queue->producers);
}

/* Takes the available items and releases the lock. Returns WEIR_EMPTY if there are none. */
static weir_status get_and_release(weir_queue *queue, struct request *request) {
    weir__side *side = &queue->consumers;
    if (request->share != NULL)
        request->max = share_locked(queue, request->share);
    weir__assert(request->share == NULL || (request->max > 0 && request->max <= request->share->most)); /* Q9, B3 */
    side->last = request->share == NULL ? NULL : request->share->team;
    weir_status status = take_locked(queue, request);
    request->watch = side->place.slot;
    if (request->got > 0 || request->sentinel)
        weir__queue_publish_room(queue);
    else
        refuse_release(queue, status);

    if (request->sentinel)
        weir__queue_settle(queue, 1); /* the last access of a get: a join may return now. A select has further ones */
    return status;
}

static weir_status get_some(weir_queue *queue, struct request *request) {
    weir__lock_acquire(&queue->consumers.lock);
    return get_and_release(queue, request);
}

/*
 * Takes the next item, in fewer instructions than get_some, if its slot has one and nothing special applies. Returns false
 * if not; the consumers' lock is then held, for get_one_and_release.
 */
static inline bool get_next(weir_queue *queue, void **item) {
    weir__side *side = &queue->consumers;
    weir__lock_acquire(&side->lock);
    if (side->discarding || side->requeued != 0 || side->place.slot == side->place.segment->end)
        return false;
    void *next = weir__ptr_load_acquire(side->place.slot);
    if (weir__slot_is_reserved(next))
        return false;
    weir__front_take_slot(side);
    weir__assert(weir__u64_peek(&side->index) <= weir__u64_peek(&queue->producers.index)); /* Q2 */
    side->last = NULL;
    weir__queue_publish_room(queue);
    *item = next;
    return true;
}

/*
 * Blocks until there may be an item or the mark is reached; in the team's berth, if `team` is not NULL. Returns false
 * only if the deadline has passed.
 */
static bool sleep_for_item(weir_queue *queue, weir__team *team, weir_deadline deadline) {
    weir__side *side = &queue->producers; /* Q3 */
    weir__berth *berth = team == NULL ? NULL : &team->berth;
    bool in_time = true, token = false;
    weir__lock_acquire(&side->lock);
    if (!side->closed && waiting_items(queue) == 0 && !at_mark(queue, team) &&
        !(team != NULL && (weir__team_is_laden(team) || weir__team_has_surplus(team))))
        in_time = weir__park_wait_in(&side->park, berth, &side->lock, deadline, &token);
    if (token && waiting_items(queue) > (at_mark(queue, team) ? 0 : 1))
        weir__park_release_one(&side->park, &side->lock); /* Q4 */
    else
        weir__lock_release(&side->lock);
    return in_time;
}

/* Bounded queues only: their slots stay in place, so this needs no lock. */
static bool look_at_slot(const void *outlook, size_t ahead) {
    return weir__ptr_load_relaxed(weir__outlook_slot(outlook, ahead)) != WEIR__EMPTY;
}

/*
 * For an unbounded queue: its slots may be freed while this thread does not hold the lock. Without the lock, the tail
 * may be older than the head. The difference then wraps and promises, once, an item that does not exist.
 */
static bool look_at_counts(const void *queue, size_t ahead) {
    return waiting_items(queue) > ahead;
}

/*
 * Spins briefly. An unbounded queue can look only at the counts. They may promise an item that does not come yet, if
 * its producer is preempted between raising the tail and filling the slot. `misled` says that the last promise
 * failed. If so, this does not spin; the caller blocks instead, which waits for the producers' lock.
 */
static bool spin_for_item(weir_queue *queue, const weir__slot *watch, weir_deadline deadline, bool misled) {
    weir__spin *spin = &queue->consumers.spin;
    if (weir__queue_is_bounded(queue)) {
        const weir__outlook outlook = {queue, watch};
        return weir__spin_until(spin, look_at_slot, &outlook, weir__queue_far(queue), deadline);
    }
    return !misled && weir__spin_until(spin, look_at_counts, queue, weir__queue_far(queue), deadline);
}

/* Spins, then blocks, until there may be an item. Returns false only if the deadline has passed. */
static bool wait_for_item(weir_queue *queue, const weir__slot *watch, weir_deadline deadline, bool *misled) {
    if (deadline != WEIR_NEVER && weir__clock_now() >= deadline)
        return false;
    *misled = spin_for_item(queue, watch, deadline, *misled);
    return *misled || sleep_for_item(queue, NULL, deadline);
}

/*
 * Waits for the first item until the deadline, then takes the available items. An item that comes with the deadline
 * counts.
 */
static weir_status get_waiting(weir_queue *queue, struct request *request, weir_deadline deadline) {
    bool in_time = true, misled = false;
    for (;;) {
        if (!in_time)
            return WEIR_TIMEDOUT;
        in_time = wait_for_item(queue, request->watch, deadline, &misled);
        weir_status status = get_some(queue, request);
        if (status != WEIR_EMPTY)
            return status;
    }
}

static weir_status get_one_and_release(weir_queue *queue, void **item, const weir_deadline *deadline) {
    struct request request = {.items = item, .max = 1};
    weir_status status = get_and_release(queue, &request);
    return status == WEIR_EMPTY && deadline != NULL ? get_waiting(queue, &request, *deadline) : status;
}

/* `deadline` may be NULL: the call does not wait. */
static weir_status get_one(weir_queue *queue, void **item, const weir_deadline *deadline) {
    if (queue == NULL || item == NULL)
        return WEIR_INVALID;
    return get_next(queue, item) ? WEIR_OK : get_one_and_release(queue, item, deadline);
}

weir_status weir_queue_get_until(weir_queue *queue, void **item, weir_deadline deadline) {
    return get_one(queue, item, &deadline);
}

weir_status weir_queue_get(weir_queue *queue, void **item) {
    static const weir_deadline never = WEIR_NEVER;
    return get_one(queue, item, &never);
}

weir_status weir_queue_try_get(weir_queue *queue, void **item) {
    return get_one(queue, item, NULL);
}

static weir_status get_many(weir_queue *queue, struct request *request, size_t *got, const weir_deadline *deadline) {
    if (got == NULL)
        return WEIR_INVALID;
    *got = 0;
    if (queue == NULL || request->items == NULL || request->max == 0)
        return WEIR_INVALID;
    weir_status status = get_some(queue, request);
    if (status == WEIR_EMPTY && deadline != NULL)
        status = get_waiting(queue, request, *deadline);
    *got = request->got;
    return status;
}

weir_status weir_queue_get_many_until(weir_queue *queue, void **items, size_t max, size_t *got,
                                      weir_deadline deadline) {
    return get_many(queue, &(struct request){.items = items, .max = max}, got, &deadline);
}

weir_status weir_queue_get_many(weir_queue *queue, void **items, size_t max, size_t *got) {
    return weir_queue_get_many_until(queue, items, max, got, WEIR_NEVER);
}

weir_status weir_queue_try_get_many(weir_queue *queue, void **items, size_t max, size_t *got) {
    return get_many(queue, &(struct request){.items = items, .max = max}, got, NULL);
}

weir_status weir__queue_get_share(weir_queue *queue, const weir__share *share, weir__taken *taken) {
    struct request request = {.share = share};
    weir_status status = get_some(queue, &request);
    if (status == WEIR_EMPTY && spin_for_item(queue, request.watch, WEIR_NEVER, false))
        status = get_some(queue, &request);
    weir__assert((status == WEIR_OK) == (request.got > 0) && request.got <= share->most); /* B3 */
    *taken = (weir__taken){request.got, request.sentinel};
    return status;
}

void weir__queue_sleep(weir_queue *queue, weir__team *team) {
    (void)sleep_for_item(queue, team, WEIR_NEVER);
}
