/*
 * event.h - Declares events: they happen once, or ring again and again, and poll(2) can wait for them.
 *
 * An event has no descriptor until one is requested. Not thread-safe: the caller serializes the calls.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SYNC_EVENT_H
#define WEIR_SYNC_EVENT_H

#include <stdbool.h>
#include <stdint.h>

/* Zero-initialised: has not happened, has no descriptor. */
typedef struct weir__event {
    bool open, happened;
    int readable, written; /* valid if open; may be equal */
} weir__event;

/*
 * Returns a descriptor that is readable once the event has happened; the same one on each call. It is above 2 and
 * closed on exec. Returns -1 if the system has none left; the next call tries again.
 */
int weir__event_descriptor(weir__event *event);

/* Makes the event happen. Further calls have no effect. */
void weir__event_happen(weir__event *event);

/*
 * Make the descriptor of an open event readable, and no longer readable: for what comes and goes. Several threads may
 * ring at once. Not for an event that happens. Leave errno as it was. The second returns the number of rings since its
 * last call.
 */
void weir__event_ring(weir__event *event);
uint64_t weir__event_quiet(weir__event *event);

/* Closes the descriptor, if any. */
void weir__event_close(weir__event *event);

#endif /* WEIR_SYNC_EVENT_H */
