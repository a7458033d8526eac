/*
 * names.h - output names, no two of them the same.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_NAMES_H
#define IMAGE_PIPELINE_NAMES_H

#include <stddef.h>

struct names;

/* NULL: out of memory. */
struct names *names_create(void);

/*
 * Returns the name for the thumbnail of the picture called `original`: its stem and ".jpg"; when that is taken already,
 * with "-2", "-3" ... behind the stem. What could not be a file's name is made into one. The string belongs to `names`.
 * NULL: out of memory.
 */
const char *names_take(struct names *names, const char *original);

/* Frees the set and every name in it. NULL does nothing. */
void names_destroy(struct names *names);

#endif /* IMAGE_PIPELINE_NAMES_H */
