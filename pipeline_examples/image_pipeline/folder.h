/*
 * folder.h - folders: made, compared, and removed again.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_FOLDER_H
#define IMAGE_PIPELINE_FOLDER_H

#include <stdbool.h>

bool folder_exists(const char *path);

/* Makes it, unless it is there already; what it is in must be there. False: a message was printed. */
bool folder_make(const char *path);

/* Whether two paths lead to the same folder. */
bool folder_is_same(const char *one, const char *other);

/* Makes a new folder in $TMPDIR, or in /tmp, and returns its path, to be freed. NULL: a message was printed. */
char *folder_make_temporary(void);

/*
 * Removes a folder and the files in it, also while another thread still writes files there, or removes it too: a folder
 * that is gone is fine.
 */
void folder_remove(const char *path);

#endif /* IMAGE_PIPELINE_FOLDER_H */
