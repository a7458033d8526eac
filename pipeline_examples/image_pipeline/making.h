/*
 * making.h - makes the thumbnails of a picture, and explains why not.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_MAKING_H
#define IMAGE_PIPELINE_MAKING_H

#include "maker.h"
#include "photo.h"

/*
 * Makes photo->thumbnails, for which there is room, from photo->image. Sets photo->notes, and photo->damage if the
 * picture is damaged and has thumbnails all the same. Returns 0, or fails with a reason; or NEEDS_MEMORY
 * (maker_take_memory).
 */
int making_run(struct maker *maker, struct photo *photo);

#endif /* IMAGE_PIPELINE_MAKING_H */
