/*
 * note.h - the seam's notes over the scheduler: see lib/sync/note.h.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SYNC_NOTE_H
#define WEIR_SYNC_NOTE_H

#include <stdint.h>

enum { WEIR__NOTE = 320 };

typedef struct weir__note {
    const void *about;
    uint64_t born;
    char text[WEIR__NOTE];
} weir__note;

weir__note *weir__note_of_thread(void);

#endif /* WEIR_SYNC_NOTE_H */
