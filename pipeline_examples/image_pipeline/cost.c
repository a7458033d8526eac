/*
 * cost.c - estimates the memory of a decode.
 *
 * libvips decodes and shrinks a picture by rows, and keeps as many as the shrinking needs. That is little, but not all
 * formats can be decoded by rows: libjpeg keeps the coefficients of a progressive picture, libpng all pixels of an
 * interlaced one, and libwebp always all pixels, twice. A GIF is kept in colours with alpha, and an AVIF or HEIC as
 * planes and as pixels, of 16 bits if it has more than 8. A strip or tile of a TIFF may be as large as the picture. Then
 * libvips has half as much in addition if each band has its own, and libjpeg or the conversion of alpha takes some bytes
 * for each pixel. A thumbnail is kept whole to be turned upright.
 *
 * The bytes for a pixel are rounded up from the peaks of decodes of 16 million pixels, with libvips 8.14, libheif 1.15
 * and libtiff 4.5.
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
    GIF_PIXEL = 12,
    HEIF_SAMPLE = 14, /* for each byte of a sample: with planes that are not subsampled, and alpha */
    TIFF_PIXEL = 4,   /* besides what its samples take */
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
static uint64_t cost_of_rows(const VipsImage *picture, const struct box *box) {
    int width = vips_image_get_width(picture), height = vips_image_get_height(picture);
    int scale_x = width / box->width, scale_y = height / box->height;
    uint64_t rows = ROWS + ROWS_FOR_SCALE * (uint64_t)(scale_x > scale_y ? scale_x : scale_y);
    uint64_t size = pixel_size(picture), wide = size > 3 ? 2 * size : size;
    return (uint64_t)width * wide * (rows < (uint64_t)height ? rows : (uint64_t)height);
}

/* Returns the pixels of the thumbnail for a box with an open side. A picture may be turned. */
static uint64_t open_pixels(const VipsImage *picture, const struct box *box) {
    bool is_turned = vips_image_get_orientation_swap((VipsImage *)picture);
    uint64_t width = (uint64_t)vips_image_get_width(picture), height = (uint64_t)vips_image_get_height(picture);
    uint64_t side = (uint64_t)(box->width < box->height ? box->width : box->height); /* the other one is open */
    bool is_by_width = (box->height == ANY_SIDE) != is_turned;
    uint64_t bound = is_by_width ? width : height, other = is_by_width ? height : width;
    return side * (other * side / bound + 1);
}

/* Returns the bytes of the thumbnails, of which none is larger than the picture. */
static uint64_t cost_of_thumbnails(const VipsImage *picture, uint64_t pixels, const struct recipe *recipe) {
    uint64_t sum = 0;
    for (size_t i = 0; i < recipe->size_count; i++) {
        const struct box *box = &recipe->sizes[i];
        bool is_open = box->width == ANY_SIDE || box->height == ANY_SIDE;
        uint64_t most = is_open ? open_pixels(picture, box) : (uint64_t)box->width * (uint64_t)box->height;
        sum += most < pixels ? most : pixels;
    }
    return sum * UPRIGHT_PIXEL;
}

/* Returns the bytes of a decode by rows, and of all that is kept besides. */
static uint64_t cost_by_rows(const VipsImage *picture, const char *format, const struct recipe *recipe) {
    uint64_t width = (uint64_t)vips_image_get_width(picture), pixels = width * (uint64_t)vips_image_get_height(picture);
    bool is_whole = cost_is_interlaced(picture);
    if (strcmp(format, "JPEG") == 0) /* shrinks while it decodes */
        return is_whole ? pixels * (uint64_t)vips_image_get_bands(picture) * COEFFICIENT
                        : width * pixel_size(picture) * ROWS;
    bool is_tiff = strcmp(format, "TIFF") == 0;
    uint64_t size = pixel_size(picture), whole = is_tiff ? size * 3 / 2 + TIFF_PIXEL : is_whole ? size : 0;
    return cost_of_rows(picture, &recipe->sizes[recipe->size_count - 1]) + pixels * whole;
}

/* Returns the bytes of a pixel, for a format that is kept whole; 0 for another one. */
static uint64_t whole_pixel(const VipsImage *picture, const char *format) {
    if (strcmp(format, "WebP") == 0)
        return WEBP_PIXEL;
    if (strcmp(format, "GIF") == 0)
        return GIF_PIXEL;
    bool is_heif = strcmp(format, "AVIF") == 0 || strcmp(format, "HEIC") == 0;
    return is_heif ? HEIF_SAMPLE * vips_format_sizeof(vips_image_get_format(picture)) : 0;
}

uint64_t cost_of(const VipsImage *picture, const char *format, const struct recipe *recipe) {
    uint64_t pixels = (uint64_t)vips_image_get_width(picture) * (uint64_t)vips_image_get_height(picture);
    uint64_t cost = cost_of_thumbnails(picture, pixels, recipe), pixel = whole_pixel(picture, format);
    return cost + (pixel > 0 ? pixels * pixel : cost_by_rows(picture, format, recipe));
}
