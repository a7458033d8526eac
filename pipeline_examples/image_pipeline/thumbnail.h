/*
 * thumbnail.h - makes one thumbnail, in memory.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_THUMBNAIL_H
#define IMAGE_PIPELINE_THUMBNAIL_H

#include <weir/pipeline.h>

#include "photo.h"
#include "stages.h"

/* Instead of a code of stages.h: failed, and libvips's error text has the reason. */
enum { LIBVIPS_KNOWS = 3 };

/* How to treat a picture that its decoder reports as damaged. */
enum thumbnail_damage {
    THUMBNAIL_REFUSE_DAMAGED,
    THUMBNAIL_KEEP_DAMAGED /* uses what could be decoded */
};

/* Intercepts libvips's warnings and keeps them from being printed. Called once libvips runs, before any thumbnail. */
void thumbnail_open(void);

/* Returns the format of the picture in the words of the messages about it: "JPEG", "PNG" or "WebP". */
const char *thumbnail_format(const struct photo *photo);

/* Returns the first warning that libvips has logged in this thread about the latest picture; "" if none. */
const char *thumbnail_warning(void);

/*
 * Makes photo->thumbnail from photo->image, from which it removes texts, and sets photo->notes. Blocks until the decode
 * fits into the memory, or the run is cancelled. Returns 0; LIBVIPS_KNOWS; or the result of
 * weir_task_fail, which then has the reason.
 */
int thumbnail_make(weir_task *task, struct photo *photo, struct work *work, enum thumbnail_damage damage);

#endif /* IMAGE_PIPELINE_THUMBNAIL_H */
