/*
 * source.h - the list of what there is to do.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_SOURCE_H
#define IMAGE_PIPELINE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include "photo.h"

struct names;

struct source {
    struct photo *photos;
    size_t count, room;
    struct names *names;
};

/*
 * Lists the files in `folder`, sorted, as they are served under `base_url`. Hidden files and folders are left out; what
 * is an image and what is not turns out later, by looking inside. False: a message was printed.
 */
bool source_from_folder(struct source *source, const char *folder, const char *base_url);

/*
 * Reads the URLs from the file at `path`, or from standard input when that is "-": one a line; blank lines and what
 * starts with '#' are skipped. A signal ends the reading. False: a message was printed.
 */
bool source_from_list(struct source *source, const char *path);

/* Frees what is in it; a source that is all zero is empty. */
void source_free(struct source *source);

#endif /* IMAGE_PIPELINE_SOURCE_H */
