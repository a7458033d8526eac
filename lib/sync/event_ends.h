/*
 * event_ends.h - Declares the two ends of an event, which differ between systems.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SYNC_EVENT_ENDS_H
#define WEIR_SYNC_EVENT_ENDS_H

#include <stdbool.h>

/*
 * Creates two descriptors, which may be equal: `*readable` is readable once 8 bytes are written to `*written`. Returns
 * false on failure.
 */
bool weir__event_make_ends(int *readable, int *written);

#endif /* WEIR_SYNC_EVENT_ENDS_H */
