/*
 * walk.h - lists the files of a folder and of all folders in it.
 *
 * Links to folders are not followed, so the walk ends. Hidden files and folders are left out. Only the names in the
 * folders on the way to the current one are in memory.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_WALK_H
#define IMAGE_PIPELINE_WALK_H

#include <stdbool.h>

struct walk;

/*
 * Begins a walk. The folder `left_out`, if there is one, is left out with all in it; NULL leaves none out. On failure
 * prints a message and returns NULL.
 */
struct walk *walk_open(const char *folder, const char *left_out);

/*
 * Returns the path of the next file, relative to the folder; the caller frees it. In each folder the order is that of the
 * names. Sets `*fault` to why there is no file but, for example, a folder that cannot be read; else to NULL. Returns NULL
 * at the end, if the program is to stop, or if memory is exhausted.
 */
char *walk_next(struct walk *walk, const char **fault);

/* Returns whether the folder of the latest path has a file with this name, and no folder. */
bool walk_has_sibling(const struct walk *walk, const char *name);

/* Returns whether every file was returned. */
bool walk_is_over(const struct walk *walk);

/* Returns whether memory was exhausted. */
bool walk_is_broken(const struct walk *walk);

/* NULL does nothing. */
void walk_close(struct walk *walk);

#endif /* IMAGE_PIPELINE_WALK_H */
