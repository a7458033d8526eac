/*
 * encode.h - encodes thumbnails, with libvips.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_ENCODE_H
#define IMAGE_PIPELINE_ENCODE_H

#include <stdbool.h>
#include <vips/vips.h>

#include "photo.h"
#include "recipe.h"

/*
 * Encodes a picture in sRGB or grey, with 8 bits in each channel, without metadata. Evaluates the picture. JPEG shows
 * white where the picture is transparent; the other formats keep the transparency. Returns false if libvips fails, and
 * has the reason.
 */
bool encode_picture(VipsImage *picture, const struct recipe *recipe, struct thumbnail *made);

/* Returns whether libvips can write the format. If not, prints a message. Called once libvips runs. */
bool encode_check(const struct recipe *recipe);

#endif /* IMAGE_PIPELINE_ENCODE_H */
