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

#include <stdbool.h>
#include <stddef.h>

struct photo {
    char *label;       /* what people call it: the file's name, or the URL; constant, as the next five */
    char *url;         /* where it is downloaded */
    size_t first;      /* the number of the photo that came to its name first; its own, if that is this one */
    bool is_url;       /* the label is a URL */
    const char *fault; /* why it cannot be downloaded; NULL: it can be tried */
    char *long_name;   /* what its thumbnail is called if its name is another's in the target; NULL: it has no second */
    const char *name;  /* what its thumbnail is called; NULL: it has a fault */

    unsigned char *image; /* the picture as it was downloaded; NULL before, and once it is resized */
    size_t image_size;
    void *thumbnail; /* the JPEG to upload, in libvips's memory; NULL: there is none */
    size_t thumbnail_size;
    unsigned notes; /* on how the thumbnail was made: a sum of enum photo_note */
    char *damage;   /* what its decoder says is wrong with the picture; NULL: nothing */
};

/* What is told of a picture that became a thumbnail all the same. */
enum photo_note {
    PHOTO_PROFILE_IGNORED = 1 /* its colour profile does not fit */
};

enum { PHOTO_LABEL_SIZE = 1024 };

/* Writes what people call it. What is said may be logged, and seen by others: no secrets of a URL in it. */
void photo_show(char *text, size_t size, const struct photo *photo);

/* Gives its thumbnail the long name from now on. False: it has that name already, or has no second one. */
bool photo_take_long_name(struct photo *photo);

/* Gives the memory of the downloaded picture back, which nobody needs after resizing. */
void photo_forget_image(struct photo *photo);

/* Gives the memory of the thumbnail back. */
void photo_forget_thumbnail(struct photo *photo);

/* Gives back all that it holds, at the end of its way: a drop function of weir's. */
void photo_drop(void *photo, void *unused);

#endif /* IMAGE_PIPELINE_PHOTO_H */
