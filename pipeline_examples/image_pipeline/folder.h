/*
 * folder.h - makes and compares folders.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_FOLDER_H
#define IMAGE_PIPELINE_FOLDER_H

#include <stdbool.h>

bool folder_exists(const char *path);

/* Makes the folder unless it exists; its parent must exist. On failure prints a message and returns false. */
bool folder_make(const char *path);

/*
 * Opens the folder of a path below `folder`, by its components, of which none may be a link. Makes those that are missing
 * if `makes`. Sets `*name` to the last component of the path. Returns a descriptor, which is `folder` itself if the path
 * has one component; or -1 with errno set.
 */
int folder_open_below(int folder, const char *path, bool makes, const char **name);

/* Returns whether two paths lead to the same folder. */
bool folder_is_same(const char *one, const char *other);

#endif /* IMAGE_PIPELINE_FOLDER_H */
