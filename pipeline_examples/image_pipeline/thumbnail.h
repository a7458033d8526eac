/*
 * thumbnail.h - makes one thumbnail, in memory.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_THUMBNAIL_H
#define IMAGE_PIPELINE_THUMBNAIL_H

#include <weir/pipeline.h>

#include "options.h"
#include "photo.h"

/* Instead of a code of stages.h: it has failed, and libvips's error text says why. */
enum { LIBVIPS_KNOWS = 3 };

/* What becomes of a picture whose decoder says that it is damaged. */
enum thumbnail_damage {
    THUMBNAIL_REFUSE_DAMAGED,
    THUMBNAIL_KEEP_DAMAGED /* made of what there is */
};

/* Has libvips's warnings looked at, and not printed. After libvips was started, before the first thumbnail. */
void thumbnail_open(void);

/*
 * Makes photo->thumbnail of photo->image, and sets photo->notes. Returns 0; LIBVIPS_KNOWS; or what weir_task_fail
 * returned, which has been told the reason then.
 */
int thumbnail_make(weir_task *task, struct photo *photo, const struct options *options, enum thumbnail_damage damage);

#endif /* IMAGE_PIPELINE_THUMBNAIL_H */
