/*
 * thumbnail.h - makes the thumbnails of one picture, in memory.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_THUMBNAIL_H
#define IMAGE_PIPELINE_THUMBNAIL_H

#include <inttypes.h>

#include "maker.h"
#include "photo.h"
#include "stages.h"

/* Instead of a code of stages.h: failed, and libvips's error text has the reason. */
enum { LIBVIPS_KNOWS = 3 };

/* The reason of a failure for lack of time, with the limit. */
#define THUMBNAIL_LATE "takes longer than %" PRIu64 " s to resize (--resize-timeout)"

/* How to treat a picture that its decoder reports as damaged. */
enum thumbnail_damage {
    THUMBNAIL_REFUSE_DAMAGED,
    THUMBNAIL_KEEP_DAMAGED /* uses what could be decoded */
};

/* Intercepts libvips's warnings and keeps them from being printed. Called once libvips runs, before any thumbnail. */
void thumbnail_open(void);

/* Returns the format of the picture in the words of the messages about it: "JPEG" or "GIF". */
const char *thumbnail_format(const struct photo *photo);

/* Returns the first warning that libvips has logged in this thread about the latest picture; "" if none. */
const char *thumbnail_warning(void);

/*
 * Makes photo->thumbnails, for which there is room, from photo->image, and sets photo->notes. Blocks until the decode
 * fits into the memory, or the run is cancelled. Returns 0, LIBVIPS_KNOWS, or NEEDS_MEMORY (maker_take_memory); or fails
 * with a reason.
 */
int thumbnail_make(struct maker *maker, struct photo *photo, enum thumbnail_damage damage);

#endif /* IMAGE_PIPELINE_THUMBNAIL_H */
