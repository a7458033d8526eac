/*
 * event.h - the seam's event over the scheduler: it only remembers. See lib/sync/event.h.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SYNC_EVENT_H
#define WEIR_SYNC_EVENT_H

#include <stdbool.h>

typedef struct weir__event {
    bool open, happened;
    bool readable;
} weir__event;

static inline int weir__event_descriptor(weir__event *event) {
    event->open = true;
    event->readable = event->happened;
    return 3;
}

static inline void weir__event_happen(weir__event *event) {
    event->readable = event->open;
    event->happened = true;
}

static inline void weir__event_close(weir__event *event) {
    (void)event;
}

#endif /* WEIR_SYNC_EVENT_H */
