/*
 * photo.h - the item that flows through the pipeline: one picture on its way to becoming a thumbnail.
 *
 * A photo belongs to whoever holds it: the thread that feeds, then a queue, a worker, the next queue ... No two threads
 * ever see the same one, so nothing in it needs a lock. A photo that failed flows on to the end like the others, and
 * the stages that are left pass it through untouched.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_PHOTO_H
#define IMAGE_PIPELINE_PHOTO_H

#include <stdbool.h>
#include <stddef.h>

#include "source.h"
#include "terminal.h"

enum stage { STAGE_DOWNLOAD, STAGE_RESIZE, STAGE_UPLOAD, STAGE_COUNT };

struct photo {
    const struct source_entry *entry; /* what to do; the list outlives the photo */
    unsigned char *image;             /* the picture as it was downloaded; freed once it is resized */
    size_t image_size;
    void *thumbnail; /* the JPEG to upload, in libvips's memory */
    size_t thumbnail_size;
    size_t bytes_in; /* how big the picture was; 0 until it is downloaded */
    bool is_uploaded, has_failed;
    enum stage failed_in; /* meaningful once it has failed, as the reason */
    char reason[256];
};

/* "download", "resize" or "upload". */
const char *stage_name(enum stage stage);

/* NULL: out of memory. */
struct photo *photo_create(const struct source_entry *entry);

/* Marks the photo as failed, and says so at once: "LABEL: STAGE: reason"; of a URL without its secrets. */
void photo_fail(struct photo *photo, enum stage stage, const char *format, ...) TERMINAL_PRINTF(3, 4);

/* Gives the memory of the downloaded picture back, which nobody needs after resizing. */
void photo_forget_image(struct photo *photo);

/* NULL does nothing. */
void photo_destroy(struct photo *photo);

#endif /* IMAGE_PIPELINE_PHOTO_H */
