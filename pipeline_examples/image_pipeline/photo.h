/*
 * photo.h - the item that flows through the pipeline: one picture on its way to becoming a thumbnail.
 *
 * The photos themselves are in the source's list, which outlives the pipeline. What a photo holds belongs to whoever
 * has it: the pipeline and the stage that it is in, or the one that reads the dead letters. No two threads ever have
 * the same one, so nothing in it needs a lock.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_PHOTO_H
#define IMAGE_PIPELINE_PHOTO_H

#include <stddef.h>

struct photo {
    char *label;      /* what people call it: the file's name, or the URL; constant, as the next two */
    char *url;        /* where it is downloaded; may be the label itself */
    const char *name; /* what its thumbnail will be called */

    unsigned char *image; /* the picture as it was downloaded; NULL before, and once it is resized */
    size_t image_size;
    void *thumbnail; /* the JPEG to upload, in libvips's memory; NULL: there is none */
    size_t thumbnail_size;
};

/* Gives the memory of the downloaded picture back, which nobody needs after resizing. */
void photo_forget_image(struct photo *photo);

/* Gives back all that it holds, at the end of its way: a drop function of weir's. */
void photo_drop(void *photo, void *unused);

#endif /* IMAGE_PIPELINE_PHOTO_H */
