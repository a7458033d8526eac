/*
 * limits.c - how much may be in the pipeline at once.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/limits.h"

/* Exact with the lock; without it a hint. */
static bool has_room(const weir__limits *limits, uint64_t weight) {
    uint64_t items = weir__u64_load_relaxed(&limits->items), bytes = weir__u64_load_relaxed(&limits->bytes);
    if (items == 0)
        return true; /* alone it always passes */
    bool light = limits->max_bytes == UINT64_MAX || (bytes <= limits->max_bytes && weight <= limits->max_bytes - bytes);
    return items < limits->max_items && light;
}

static void add_locked(weir__limits *limits, uint64_t items, uint64_t bytes) {
    weir__u64_store_relaxed(&limits->items, weir__u64_load_relaxed(&limits->items) + items);
    weir__u64_store_relaxed(&limits->bytes, weir__u64_load_relaxed(&limits->bytes) + bytes);
}

struct sight {
    const weir__limits *limits;
    uint64_t weight;
};

/* One ahead is one item more, of no weight: nothing is known of it. */
static bool look_for_room(const void *raw, size_t ahead) {
    const struct sight *sight = raw;
    const weir__limits *limits = sight->limits;
    uint64_t items = weir__u64_load_relaxed(&limits->items);
    return has_room(limits, sight->weight) && (ahead == 0 || items + ahead < limits->max_items);
}

/* How many may leave before the one that waits for room looks. */
static size_t far_of(const weir__limits *limits) {
    uint64_t half = limits->max_items / 2;
    return half < WEIR__SPIN_FARTHEST ? (size_t)half : WEIR__SPIN_FARTHEST;
}

/* Waits awake for a moment, in its place in line. */
static void spin_locked(weir__limits *limits, uint64_t weight, weir_deadline deadline) {
    const struct sight sight = {limits, weight};
    weir__lock_release(&limits->lock);
    (void)weir__spin_until(&limits->spin, look_for_room, &sight, far_of(limits), deadline);
    weir__lock_acquire(&limits->lock);
}

static bool is_closed_locked(const weir__limits *limits, bool outside) {
    return limits->closed || (outside && limits->closed_outside);
}

static void join_line_locked(weir__limits *limits, weir__waiting *self) {
    self->before = limits->last;
    if (limits->last == NULL)
        limits->first = self;
    else
        limits->last->next = self;
    limits->last = self;
}

static void leave_line_locked(weir__limits *limits, weir__waiting *self) {
    if (self->before == NULL)
        limits->first = self->next;
    else
        self->before->next = self->next;
    if (self->next == NULL)
        limits->last = self->before;
    else
        self->next->before = self->before;
}

/* No look at the clock for one that asks for no wait, or for any. */
static bool is_over(weir_deadline deadline) {
    return deadline == 0 || (deadline != WEIR_NEVER && weir__clock_now() >= deadline);
}

/* Waits in line for its turn and for room. */
static weir_status wait_locked(weir__limits *limits, weir__waiting *self, bool outside, weir_deadline deadline) {
    weir_status status = WEIR_OK;
    bool in_time = true;
    join_line_locked(limits, self);
    if (limits->first == self && !is_over(deadline))
        spin_locked(limits, self->weight, deadline);
    for (;;) {
        if (is_closed_locked(limits, outside))
            status = WEIR_CLOSED;
        else if (limits->first == self && has_room(limits, self->weight))
            break;
        else if (!in_time || is_over(deadline))
            status = WEIR_TIMEDOUT;
        if (status != WEIR_OK)
            break;
        in_time = weir__park_wait(&self->park, &limits->lock, deadline, NULL);
    }
    leave_line_locked(limits, self);
    return status;
}

/* Wakes the first in line if it has room now, once, and releases the lock. */
static void release_locked(weir__limits *limits) {
    weir__waiting *first = limits->first;
    if (first != NULL && has_room(limits, first->weight))
        weir__park_release_one(&first->park, &limits->lock);
    else
        weir__lock_release(&limits->lock);
}

weir_status weir__limits_enter(weir__limits *limits, uint64_t weight, bool outside, weir_deadline deadline) {
    weir__waiting self = {.weight = weight};
    weir_status status = WEIR_OK;
    weir__lock_acquire(&limits->lock);
    if (is_closed_locked(limits, outside))
        status = WEIR_CLOSED;
    else if (limits->first != NULL || !has_room(limits, weight))
        status = wait_locked(limits, &self, outside, deadline);
    if (status == WEIR_OK)
        add_locked(limits, 1, weight);
    release_locked(limits); /* the next in line may have its turn now */
    return status;
}

void weir__limits_leave(weir__limits *limits, weir__load load) {
    weir__lock_acquire(&limits->lock);
    add_locked(limits, 0 - load.items, 0 - load.bytes);
    release_locked(limits);
}

/* Those in line are there as long as the lock is held, so they are signalled before it is given back. */
void weir__limits_close(weir__limits *limits, bool everybody) {
    weir__lock_acquire(&limits->lock);
    limits->closed_outside = true;
    limits->closed = limits->closed || everybody;
    for (weir__waiting *at = limits->first; at != NULL; at = at->next) {
        if (weir__park_wake_all(&at->park))
            weir__park_signal(&at->park, WEIR__EVERYONE);
    }
    weir__lock_release(&limits->lock);
}

uint64_t weir__limits_bytes(const weir__limits *limits) {
    return weir__u64_load_relaxed(&limits->bytes);
}
