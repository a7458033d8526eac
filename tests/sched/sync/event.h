/*
 * event.h - the seam's event over the scheduler: it remembers, and threads can sleep until it rings. See
 * lib/sync/event.h.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SYNC_EVENT_H
#define WEIR_SYNC_EVENT_H

#include <stdbool.h>

#include "sync/atomic.h"
#include "sync/futex.h"

/* Give an event a descriptor, and end it. */
int sched_open(weir__u32 *rung);
void sched_close(int fd);

typedef struct weir__event {
    bool open, happened;
    bool readable;
    int fd;         /* valid if open */
    weir__u32 rung; /* number of rings to read; system calls see it in one order */
} weir__event;

static inline int weir__event_descriptor(weir__event *event) {
    if (!event->open)
        event->fd = sched_open(&event->rung);
    event->open = true;
    event->readable = event->happened;
    return event->fd;
}

static inline void weir__event_happen(weir__event *event) {
    event->readable = event->open;
    event->happened = true;
}

static inline void weir__event_ring(weir__event *event) {
    (void)weir__u32_add_acquire_release(&event->rung, 1);
    weir__futex_wake(&event->rung, WEIR__EVERYONE);
}

static inline uint64_t weir__event_quiet(weir__event *event) {
    return weir__u32_exchange_acquire_release(&event->rung, 0);
}

/* For scenarios. Polls: returns whether the event has rung; blocks until then. */
static inline bool weir__event_has_rung(weir__event *event) {
    return weir__u32_or_acquire_release(&event->rung, 0) != 0;
}

static inline void weir__event_await(weir__event *event) {
    while (!weir__event_has_rung(event))
        (void)weir__futex_wait(&event->rung, 0, UINT64_MAX);
}

static inline void weir__event_close(weir__event *event) {
    if (event->open)
        sched_close(event->fd);
    event->open = false;
}

#endif /* WEIR_SYNC_EVENT_H */
