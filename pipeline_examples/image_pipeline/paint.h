/*
 * paint.h - paints a picture that costs as much to decode and shrink as a photograph.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_PAINT_H
#define IMAGE_PIPELINE_PAINT_H

#include <stdint.h>
#include <vips/vips.h>

/* Returns the next number of a series. `state` may start with any seed. */
uint64_t random_next(uint64_t *state);

/* Returns a number from `min` to `max`, both inclusive. */
int random_between(uint64_t *state, int min, int max);

/* Paints a picture of 7 megapixels into memory. The caller unrefs it. Returns NULL if libvips reports an error. */
VipsImage *paint_picture(uint64_t seed);

#endif /* IMAGE_PIPELINE_PAINT_H */
