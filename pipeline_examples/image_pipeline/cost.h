/*
 * cost.h - how much memory the decoding of a picture takes.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_COST_H
#define IMAGE_PIPELINE_COST_H

#include <stdbool.h>
#include <stdint.h>
#include <vips/vips.h>

#include "recipe.h"

/* Returns whether a decoder reads all of the file before the first row: the picture is interlaced or progressive. */
bool cost_is_interlaced(const VipsImage *picture);

/*
 * Estimates the bytes that a decode takes, by the header of the picture, read by libvips. `format` is that of
 * thumbnail_format. The estimate is a little high for most pictures.
 */
uint64_t cost_of(const VipsImage *picture, const char *format, const struct recipe *recipe);

#endif /* IMAGE_PIPELINE_COST_H */
