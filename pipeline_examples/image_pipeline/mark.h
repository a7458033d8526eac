/*
 * mark.h - how a thumbnail says that weir-thumbs made it, and of which picture.
 *
 * The mark is a comment in the JPEG, "weir-thumbs 1 DIGEST". The digest is that of the picture's source: its URL, or the
 * folder's path and the file's name. So a later run knows what it may replace.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_MARK_H
#define IMAGE_PIPELINE_MARK_H

#include <stdbool.h>
#include <stddef.h>

enum {
    MARK_SIZE = 33,    /* bytes of a mark, with the 0 behind it */
    MARK_WITHIN = 4096 /* bytes at the start of a JPEG in which its mark is */
};

/* Writes the mark of a picture: `prefix` is where its source is, or "", and `name` what it is there. */
void mark_of(char mark[MARK_SIZE], const char *prefix, const char *name);

/* Puts the mark into a JPEG, which is in memory of GLib's and may move. False: it is no JPEG, which is left alone. */
bool mark_put(void **jpeg, size_t *size, const char mark[MARK_SIZE]);

/* Reads the mark from the start of a JPEG. False: it has none. */
bool mark_get(char mark[MARK_SIZE], const unsigned char *jpeg, size_t size);

#endif /* IMAGE_PIPELINE_MARK_H */
