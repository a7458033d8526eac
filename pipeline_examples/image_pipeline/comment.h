/*
 * comment.h - where a comment is inserted into a thumbnail, and the bytes of it.
 *
 * The files are those that libvips has just written. All lengths are checked all the same.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_COMMENT_H
#define IMAGE_PIPELINE_COMMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { COMMENT_MOST = 96 /* bytes of a comment, and of all that is inserted with it */ };

struct comment {
    unsigned char *file; /* may be changed in place, but keeps its size */
    size_t size;
    char text[COMMENT_MOST];
    size_t text_size;
    size_t place; /* where the bytes are inserted; set by the functions below, like the next two */
    unsigned char added[COMMENT_MOST];
    size_t added_size;
};

/* Each returns false, with nothing changed, if the file has not the format. */
bool comment_in_jpeg(struct comment *comment);
bool comment_in_png(struct comment *comment);
bool comment_in_webp(struct comment *comment);
bool comment_in_avif(struct comment *comment);

/* Appends bytes to those that are inserted. */
void comment_add(struct comment *comment, const void *bytes, size_t size);

/* Appends a number of 32 bits, the most significant byte first. */
void comment_add_number(struct comment *comment, uint32_t number);

#endif /* IMAGE_PIPELINE_COMMENT_H */
