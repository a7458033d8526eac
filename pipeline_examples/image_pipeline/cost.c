/*
 * cost.c - estimates the memory of a decode.
 *
 * libvips decodes and shrinks a picture by rows, and keeps as many as the shrinking needs. That is little, but not all
 * formats can be decoded by rows: libjpeg keeps the coefficients of a progressive picture, libpng all pixels of an
 * interlaced one, and libwebp always all pixels, twice. A thumbnail is kept whole to be turned upright.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "cost.h"

#include <string.h>

enum {
    ROWS = 64,           /* kept at any scale, and for each step of the scale: */
    ROWS_FOR_SCALE = 40, /* measured with libvips 8.14 */
    COEFFICIENT = 2,     /* bytes, for each band: libvips does not say how the colours of a file are subsampled */
    WEBP_PIXEL = 8,
    UPRIGHT_PIXEL = 8 /* of the thumbnail, before and after */
};

bool cost_is_interlaced(const VipsImage *picture) {
    int is_interlaced = 0;
    const char *const names[] = {"interlaced", "jpeg-multiscan"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (vips_image_get_typeof(picture, names[i]) != 0 &&
            vips_image_get_int(picture, names[i], &is_interlaced) == 0 && is_interlaced != 0)
            return true;
    }
    return false;
}

static uint64_t pixel_size(const VipsImage *picture) {
    return vips_format_sizeof(vips_image_get_format(picture)) * (uint64_t)vips_image_get_bands(picture);
}

/* Returns the bytes of the rows that are kept. Alpha and 16 bits are processed in a wider format. */
static uint64_t cost_of_rows(const VipsImage *picture, const struct options *options) {
    int width = vips_image_get_width(picture), height = vips_image_get_height(picture);
    int scale_x = width / options->width, scale_y = height / options->height;
    uint64_t rows = ROWS + ROWS_FOR_SCALE * (uint64_t)(scale_x > scale_y ? scale_x : scale_y);
    uint64_t size = pixel_size(picture), wide = size > 3 ? 2 * size : size;
    return (uint64_t)width * wide * (rows < (uint64_t)height ? rows : (uint64_t)height);
}

uint64_t cost_of(const VipsImage *picture, const char *format, const struct options *options) {
    uint64_t width = (uint64_t)vips_image_get_width(picture), height = (uint64_t)vips_image_get_height(picture);
    uint64_t pixels = width * height, box = (uint64_t)options->width * (uint64_t)options->height;
    uint64_t cost = (pixels < box ? pixels : box) * UPRIGHT_PIXEL;
    if (strcmp(format, "WebP") == 0)
        return cost + pixels * WEBP_PIXEL;
    if (strcmp(format, "JPEG") == 0) /* shrinks while it decodes */
        return cost + (cost_is_interlaced(picture) ? pixels * (uint64_t)vips_image_get_bands(picture) * COEFFICIENT
                                                   : width * pixel_size(picture) * ROWS);
    return cost + cost_of_rows(picture, options) + (cost_is_interlaced(picture) ? pixels * pixel_size(picture) : 0);
}
