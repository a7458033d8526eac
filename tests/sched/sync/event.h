/*
 * event.h - the seam's event over the scheduler: no descriptors, it only remembers. See lib/sync/event.h.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SYNC_EVENT_H
#define WEIR_SYNC_EVENT_H

#include <stdbool.h>

typedef struct weir__event {
    int readable, written;
    bool happened;
} weir__event;

static inline bool weir__event_open(weir__event *event) {
    event->readable = event->written = -1;
    return true;
}

static inline void weir__event_happen(weir__event *event) {
    event->happened = true;
}

static inline void weir__event_close(weir__event *event) {
    (void)event;
}

#endif /* WEIR_SYNC_EVENT_H */
