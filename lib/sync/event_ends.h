/*
 * event_ends.h - What an event is made of, which differs between systems.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SYNC_EVENT_ENDS_H
#define WEIR_SYNC_EVENT_ENDS_H

#include <stdbool.h>

/* Makes the descriptor that is readable once 8 bytes are written to the other one; both may be the same. False: none. */
bool weir__event_make_ends(int *readable, int *written);

#endif /* WEIR_SYNC_EVENT_ENDS_H */
