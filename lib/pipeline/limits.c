/*
 * limits.c - how much may be in the pipeline at once.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pipeline/limits.h"

static bool has_room_locked(const weir__limits *limits, uint64_t weight) {
    const weir__load *inside = &limits->inside;
    if (inside->items == 0)
        return true; /* alone it always passes */
    return inside->items < limits->max_items && inside->bytes <= limits->max_bytes &&
           weight <= limits->max_bytes - inside->bytes;
}

static bool is_closed_locked(const weir__limits *limits, bool outside) {
    return limits->closed || (outside && limits->closed_outside);
}

/* The room that is worth a wake. */
static uint64_t enough_room(const weir__limits *limits) {
    enum { PAYS = 32 };
    uint64_t quarter = limits->max_items / 4;
    return quarter < PAYS ? quarter : PAYS;
}

/* Whether those inside have enough to do without another one. */
static bool is_satisfied_locked(const weir__limits *limits) {
    bool each = limits->entrance_count > 0;
    for (size_t i = 0; each && i < limits->entrance_count; i++)
        each = weir_queue_size(limits->entrances[i]) > 0;
    return each && limits->inside.items > limits->max_items - enough_room(limits);
}

static void join_line_locked(weir__limits *limits, weir__waiting *self) {
    if (limits->first == NULL)
        limits->first = self;
    else
        limits->last->next = self;
    limits->last = self;
}

static void leave_line_locked(weir__limits *limits, weir__waiting *self) {
    weir__waiting *before = NULL;
    weir__waiting **at = &limits->first;
    while (*at != self) {
        before = *at;
        at = &(*at)->next;
    }
    *at = self->next;
    if (limits->last == self)
        limits->last = before;
}

/* Waits in line for its turn and for room. */
static weir_status wait_locked(weir__limits *limits, weir__waiting *self, bool outside, weir_deadline deadline) {
    weir_status status = WEIR_OK;
    bool in_time = true;
    limits->holding = limits->holding || !has_room_locked(limits, self->weight);
    join_line_locked(limits, self);
    for (;;) {
        if (is_closed_locked(limits, outside))
            status = WEIR_CLOSED;
        else if (limits->first == self && has_room_locked(limits, self->weight))
            break;
        else if (!in_time || (deadline != WEIR_NEVER && weir__clock_now() >= deadline))
            status = WEIR_TIMEDOUT;
        if (status != WEIR_OK)
            break;
        in_time = weir__park_wait(&self->park, &limits->lock, deadline, NULL);
    }
    leave_line_locked(limits, self);
    return status;
}

/* Wakes the first in line if it has room now, once, and nobody is held back; releases the lock. */
static void release_locked(weir__limits *limits) {
    weir__waiting *first = limits->first;
    bool room = first != NULL && has_room_locked(limits, first->weight);
    limits->holding = first != NULL && (!room || (limits->holding && is_satisfied_locked(limits)));
    if (room && !limits->holding)
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
    else if (limits->first != NULL || !has_room_locked(limits, weight))
        status = wait_locked(limits, &self, outside, deadline);
    if (status == WEIR_OK) {
        limits->inside.items++;
        limits->inside.bytes += weight;
    }
    release_locked(limits); /* the next in line may have its turn now */
    return status;
}

void weir__limits_leave(weir__limits *limits, weir__load load) {
    weir__lock_acquire(&limits->lock);
    limits->inside.items -= load.items;
    limits->inside.bytes -= load.bytes;
    release_locked(limits);
}

void weir__limits_look(weir__limits *limits) {
    weir__lock_acquire(&limits->lock);
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

weir__load weir__limits_inside(weir__limits *limits) {
    weir__lock_acquire(&limits->lock);
    weir__load inside = limits->inside;
    weir__lock_release(&limits->lock);
    return inside;
}
