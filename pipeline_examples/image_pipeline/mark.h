/*
 * mark.h - the mark in a thumbnail: weir-thumbs made it, and from which picture.
 *
 * The mark is a comment, "weir-thumbs 1 DIGEST". The digest is that of the picture's source: its URL, or the folder's
 * path and the file's name. A later run reads the mark to decide what it may replace. Each format has a place for
 * comments near its start: a segment of a JPEG, a chunk of a PNG or WebP, a box of an AVIF.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_MARK_H
#define IMAGE_PIPELINE_MARK_H

#include <stdbool.h>
#include <stddef.h>

#include "format.h"

enum {
    MARK_SIZE = 33,    /* bytes of a mark, with its terminating 0 */
    MARK_WITHIN = 4096 /* bytes at the start of a thumbnail that contain its mark */
};

/* Writes the mark of a picture: `prefix` is the location of its source, or "", and `name` its name there. */
void mark_of(char mark[MARK_SIZE], const char *prefix, const char *name);

/*
 * Inserts the mark into a thumbnail in GLib's memory, which may move. Returns false, data unchanged, if it has not the
 * format.
 */
bool mark_put(void **thumbnail, size_t *size, enum format format, const char mark[MARK_SIZE]);

/* Reads the mark from the start of a file of any format. Returns false if it has none. */
bool mark_get(char mark[MARK_SIZE], const unsigned char *start, size_t size);

#endif /* IMAGE_PIPELINE_MARK_H */
