/*
 * event.h - something that happens once, and that poll can wait for.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SYNC_EVENT_H
#define WEIR_SYNC_EVENT_H

#include <stdbool.h>

/* The two ends of a pipe; -1 where there is none. */
typedef struct weir__event {
    int readable; /* once it has happened */
    int written;
} weir__event;

/* False: the system has no descriptors left, and both members are -1. */
bool weir__event_open(weir__event *event);

/* Makes it happen. Once; nothing if it could not be opened. */
void weir__event_happen(const weir__event *event);

void weir__event_close(weir__event *event);

#endif /* WEIR_SYNC_EVENT_H */
