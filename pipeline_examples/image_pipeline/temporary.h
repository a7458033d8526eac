/*
 * temporary.h - the temporary folder of painted pictures.
 *
 * A process holds a lock on its folder. A folder without a lock is left over from a run that was killed, and the next
 * run removes it. Folders are found, checked and removed through descriptors, never by a path, so that a name that
 * changes its meaning in between leads nowhere else.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_TEMPORARY_H
#define IMAGE_PIPELINE_TEMPORARY_H

#include <stdbool.h>

struct temporary {
    int parent, folder; /* descriptors; the folder's has the lock */
    char *path;         /* NULL if there is none */
    const char *name;   /* last component of the path */
};

/* Makes a new folder in $TMPDIR or in /tmp, and locks it. On failure prints a message and returns false. */
bool temporary_make(struct temporary *temporary);

/* Removes the pictures in the folder and the folder. Other threads may still write pictures there. */
void temporary_remove(const struct temporary *temporary);

/* Closes the descriptors and frees the path. All zero does nothing. */
void temporary_close(struct temporary *temporary);

/* Removes the folders in $TMPDIR or in /tmp that are left over from runs of this user. */
void temporary_remove_leftovers(void);

#endif /* IMAGE_PIPELINE_TEMPORARY_H */
