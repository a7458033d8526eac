/*
 * note.c - Implements the note of each thread.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "sync/note.h"

static _Thread_local weir__note note;

weir__note *weir__note_of_thread(void) {
    return &note;
}
