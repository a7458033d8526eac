/*
 * admission.c - Implements admission: limits on the items and bytes in flight.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "item/admission.h"

/*
 * Returns whether there is room for an item of this weight. The answer is exact if the lock is held; otherwise it is a
 * hint.
 */
static bool has_room(const weir__admission *admission, uint64_t weight) {
    uint64_t items = weir__u64_load_relaxed(&admission->items), bytes = weir__u64_load_relaxed(&admission->bytes);
    if (items == 0)
        return true; /* an item alone in flight always has room */
    bool light =
        admission->max_bytes == UINT64_MAX || (bytes <= admission->max_bytes && weight <= admission->max_bytes - bytes);
    return items < admission->max_items && light;
}

static void add_locked(weir__admission *admission, uint64_t items, uint64_t bytes) {
    weir__u64_store_relaxed(&admission->items, weir__u64_load_relaxed(&admission->items) + items);
    weir__u64_store_relaxed(&admission->bytes, weir__u64_load_relaxed(&admission->bytes) + bytes);
}

struct sight {
    const weir__admission *admission;
    uint64_t weight;
};

/* Predicts whether there is room for an item after `ahead` other items. Their weights are unknown and taken as 0. */
static bool look_for_room(const void *raw, size_t ahead) {
    const struct sight *sight = raw;
    const weir__admission *admission = sight->admission;
    uint64_t items = weir__u64_load_relaxed(&admission->items);
    return has_room(admission, sight->weight) && (ahead == 0 || items + ahead < admission->max_items);
}

/* Returns the number of items that may leave before the spinning waiter looks again. */
static size_t far_of(const weir__admission *admission) {
    uint64_t half = admission->max_items / 2;
    return half < WEIR__SPIN_FARTHEST ? (size_t)half : WEIR__SPIN_FARTHEST;
}

/* Spins briefly; the waiter stays in line. The lock is released meanwhile. */
static void spin_locked(weir__admission *admission, uint64_t weight, weir_deadline deadline) {
    const struct sight sight = {admission, weight};
    weir__lock_release(&admission->lock);
    (void)weir__spin_until(&admission->spin, look_for_room, &sight, far_of(admission), deadline);
    weir__lock_acquire(&admission->lock);
}

static bool is_closed_locked(const weir__admission *admission, bool outside) {
    return admission->closed || (outside && admission->closed_outside);
}

static void begin_line_locked(weir__admission *admission) {
    bool of_items = weir__u64_load_relaxed(&admission->items) >= admission->max_items;
    admission->reached = of_items ? WEIR__OF_ITEMS : WEIR__OF_BYTES;
    weir__stopwatch_start(&admission->held_up[admission->reached], weir__clock_now());
}

static void join_line_locked(weir__admission *admission, weir__waiting *self) {
    self->before = admission->last;
    if (admission->last == NULL) {
        admission->first = self;
        begin_line_locked(admission);
    } else {
        admission->last->next = self;
    }
    admission->last = self;
}

static void leave_line_locked(weir__admission *admission, weir__waiting *self) {
    if (self->before == NULL)
        admission->first = self->next;
    else
        self->before->next = self->next;
    if (self->next == NULL)
        admission->last = self->before;
    else
        self->next->before = self->before;
    if (admission->first == NULL)
        weir__stopwatch_stop(&admission->held_up[admission->reached], weir__clock_now());
}

/* Returns whether the deadline has passed. Does not read the clock for a deadline of 0 or WEIR_NEVER. */
static bool is_over(weir_deadline deadline) {
    return deadline == 0 || (deadline != WEIR_NEVER && weir__clock_now() >= deadline);
}

/* Blocks until the caller is at the head of the line and there is room. The lock is held on entry and exit. */
static weir_status block_locked(weir__admission *admission, weir__waiting *self, bool outside, weir_deadline deadline) {
    bool in_time = true;
    if (admission->first == self && !is_over(deadline))
        spin_locked(admission, self->weight, deadline);
    for (;;) {
        if (is_closed_locked(admission, outside))
            return WEIR_CLOSED;
        if (admission->first == self && has_room(admission, self->weight))
            return WEIR_OK;
        if (!in_time || is_over(deadline))
            return WEIR_TIMEDOUT;
        in_time = weir__park_wait(&self->park, &admission->lock, deadline, NULL);
    }
}

/* Joins the line, and blocks until the caller is at its head and there is room. The lock is held on entry and exit. */
static weir_status wait_locked(weir__admission *admission, weir__waiting *self, bool outside, weir_deadline deadline) {
    if (deadline == 0)
        return WEIR_TIMEDOUT; /* there was no room, or others are in line */
    join_line_locked(admission, self);
    weir_status status = block_locked(admission, self, outside, deadline);
    leave_line_locked(admission, self);
    return status;
}

/* Wakes the head waiter if there is room for its item. Releases the lock. */
static void release_locked(weir__admission *admission) {
    weir__waiting *first = admission->first;
    if (first != NULL && has_room(admission, first->weight))
        weir__park_release_one(&first->park, &admission->lock);
    else
        weir__lock_release(&admission->lock);
}

weir_status weir__admission_enter(weir__admission *admission, uint64_t weight, bool outside, weir_deadline deadline) {
    weir__waiting self = {.weight = weight};
    weir_status status = WEIR_OK;
    weir__lock_acquire(&admission->lock);
    if (is_closed_locked(admission, outside))
        status = WEIR_CLOSED;
    else if (admission->first != NULL || !has_room(admission, weight))
        status = wait_locked(admission, &self, outside, deadline);
    if (status == WEIR_OK)
        add_locked(admission, 1, weight);
    release_locked(admission); /* there may be room for the next waiter */
    return status;
}

void weir__admission_force(weir__admission *admission, uint64_t weight) {
    weir__lock_acquire(&admission->lock);
    add_locked(admission, 1, weight);
    weir__lock_release(&admission->lock);
}

void weir__admission_leave(weir__admission *admission, weir__load load) {
    weir__lock_acquire(&admission->lock);
    weir__assert(weir__u64_peek(&admission->items) >= load.items); /* each admitted item leaves once */
    add_locked(admission, 0 - load.items, 0 - load.bytes);
    release_locked(admission);
}

/*
 * Wakes the waiters with the lock held: a waiter's park is on its own stack, and the waiter cannot leave the line
 * without the lock.
 */
void weir__admission_close(weir__admission *admission, bool all) {
    weir__lock_acquire(&admission->lock);
    admission->closed_outside = true;
    admission->closed = admission->closed || all;
    for (weir__waiting *at = admission->first; at != NULL; at = at->next) {
        if (weir__park_wake_all(&at->park))
            weir__park_signal(&at->park, WEIR__EVERYONE);
    }
    weir__lock_release(&admission->lock);
}

uint64_t weir__admission_bytes(const weir__admission *admission) {
    return weir__u64_load_relaxed(&admission->bytes);
}
