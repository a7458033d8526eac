/*
 * source.h - the list of what there is to do.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_SOURCE_H
#define IMAGE_PIPELINE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include "mark.h"
#include "photo.h"

struct names;

struct source {
    struct photo *photos;
    size_t count, room;
    struct names *names;
    char *place; /* what stands for the folder in a mark; NULL: these are URLs, which need nothing in front */
};

/*
 * Lists the files in `folder`, sorted, as they are served under `base_url`. Hidden files and folders are left out; what
 * is an image and what is not turns out later, by looking inside. `place` stands for the folder in marks; NULL: its
 * path. False: a message was printed.
 */
bool source_from_folder(struct source *source, const char *folder, const char *base_url, const char *place);

/*
 * Reads a list (list.h) of URLs. An entry can have a tab and, behind it, a name for the thumbnail. Without one, it has
 * the long name if an earlier one of another URL has its short name. What is no URL stays in the list, and fails.
 * False: a message was printed.
 */
bool source_from_list(struct source *source, const char *path, bool is_null_separated);

/* Writes the mark that a thumbnail of this photo has. */
void source_mark(char mark[MARK_SIZE], const struct source *source, const struct photo *photo);

/* The photo that came to this one's name first, from another picture; NULL: the name is this photo's. */
const struct photo *source_clash(const struct source *source, const struct photo *photo);

/* Frees what is in it; a source that is all zero is empty. */
void source_free(struct source *source);

#endif /* IMAGE_PIPELINE_SOURCE_H */
