/*
 * clashes.h - the files of a folder whose thumbnail would have the name of an earlier one's.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_CLASHES_H
#define IMAGE_PIPELINE_CLASHES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "format.h"
#include "pack.h"

struct clash {
    uint32_t number; /* of the file */
    uint32_t first;  /* number of the file that takes the name */
};

/* All zero: none. */
struct clashes {
    struct clash *all; /* in the order of their numbers */
    size_t count, room;
};

/* Finds those of the files, whose thumbnails have a format. Returns false if memory is exhausted. */
bool clashes_find(struct clashes *clashes, const struct pack *files, enum format format);

/* Returns the file that takes the name of this one; NULL if no other one does. */
const char *clashes_first(const struct clashes *clashes, const struct pack *files, size_t number);

void clashes_free(struct clashes *clashes);

#endif /* IMAGE_PIPELINE_CLASHES_H */
