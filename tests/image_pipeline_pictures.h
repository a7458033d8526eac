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

/* Does the same. Returns false if libvips cannot write the format. */
bool try_black(const char *path, int width, int height);

/* Writes a transparent picture; below it is black. */
void write_clear(const char *path, int width, int height);

/* Writes a black picture with 16 bits a channel. */
void write_deep(const char *path, int width, int height);

/* Writes a black TIFF with a description. */
void write_described(const char *path, int width, int height);

/* Writes a picture of two pages of 400 x 200, of which the first one is black and the second one white. */
void write_pages(const char *path);

/* What a picture is. */
struct look {
    char loader[32]; /* of libvips */
    int width, height, bits;
    int red, alpha; /* of the pixel in the middle; alpha: -1 without transparency */
};

/* Fails the test if libvips cannot read the picture. */
struct look look_at(const char *path);

/* Returns the mean distance of two pictures of one size, from 0 to 255. */
double distance_of(const char *one, const char *other);

/* Decodes a whole JPEG and returns its size. Returns false if it is incomplete. */
bool read_picture(const char *path, int *width, int *height);

#endif /* IMAGE_PIPELINE_PICTURES_H */
