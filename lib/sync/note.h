/*
 * note.h - A line of text that each thread has for itself.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SYNC_NOTE_H
#define WEIR_SYNC_NOTE_H

#include <stdint.h>

enum { WEIR__NOTE = 320 }; /* bytes of the text, with its zero */

/* Zero at the thread's beginning. */
typedef struct weir__note {
    const void *about; /* an object; only to be compared with */
    uint64_t born;     /* when it was made, which tells it from a later one at its address */
    char text[WEIR__NOTE];
} weir__note;

/* Returns the calling thread's. */
weir__note *weir__note_of_thread(void);

#endif /* WEIR_SYNC_NOTE_H */
