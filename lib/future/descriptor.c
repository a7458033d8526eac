/*
 * descriptor.c - Implements weir_future_fd.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "future/future.h"

/* Returns the event, made if there is none yet; NULL if out of memory. */
static weir__event *event_locked(weir_future *future) {
    if (future->event == NULL)
        future->event = weir__alloc(sizeof *future->event);
    if (future->event != NULL && !weir__future_mark_watched(future))
        weir__event_happen(future->event);
    return future->event;
}

int weir_future_fd(weir_future *future) {
    if (future == NULL)
        return -1;
    weir__lock_acquire(&future->lock);
    weir__event *event = event_locked(future);
    int fd = event == NULL ? -1 : weir__event_descriptor(event);
    weir__lock_release(&future->lock);
    return fd;
}
