/*
 * image_pipeline_pictures.h - for test_image_pipeline.c: makes and measures pictures.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_PICTURES_H
#define IMAGE_PIPELINE_PICTURES_H

#include <stdbool.h>

/* Writes a picture of this size. The file name's extension selects the format. */
void write_picture(const char *path, int width, int height);

/* Writes a black picture with three bands. `path` may end in options of libvips, such as "[interlace]". */
void write_black(const char *path, int width, int height);

/* Decodes a whole JPEG and returns its size. Returns false if it is incomplete. */
bool read_picture(const char *path, int *width, int *height);

#endif /* IMAGE_PIPELINE_PICTURES_H */
