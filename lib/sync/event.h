/*
 * event.h - Something that happens once, and that poll can wait for.
 *
 * An event has no descriptor until one is asked for. The caller serializes the calls.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SYNC_EVENT_H
#define WEIR_SYNC_EVENT_H

#include <stdbool.h>

/* Zero is an event that has not happened and has no descriptor. */
typedef struct weir__event {
    bool open, happened;
    int readable, written; /* if it is open; they may be the same */
} weir__event;

/*
 * Returns a descriptor that is readable once the event has happened; the same one each time. It is above 2, and closed
 * on exec. -1 if the system has none left: then the next call tries again.
 */
int weir__event_descriptor(weir__event *event);

/* Makes it happen; twice is the same as once. */
void weir__event_happen(weir__event *event);

/* Closes the descriptor, if there is one. */
void weir__event_close(weir__event *event);

#endif /* WEIR_SYNC_EVENT_H */
