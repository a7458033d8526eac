/*
 * note.h - Declares the note: a thread-local line of text.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SYNC_NOTE_H
#define WEIR_SYNC_NOTE_H

#include <stdint.h>

enum { WEIR__NOTE = 320 }; /* bytes of the text, terminating zero included */

/* Zero when the thread starts. */
typedef struct weir__note {
    const void *about; /* an object; compared, never dereferenced */
    uint64_t born;     /* its creation time; distinguishes it from a later object at its address */
    char text[WEIR__NOTE];
} weir__note;

/* Returns the calling thread's note. */
weir__note *weir__note_of_thread(void);

#endif /* WEIR_SYNC_NOTE_H */
