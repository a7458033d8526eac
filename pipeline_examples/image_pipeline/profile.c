/*
 * profile.c - reads the header of an ICC profile.
 *
 * libvips checks only whether the picture has enough channels for the profile. A grey profile in an RGB picture
 * passes that check, and the result is grey.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "profile.h"

#include <stdbool.h>
#include <string.h>

/* Offsets of header fields, in bytes (ICC.1:2022, 7.2). */
enum { HEADER_SIZE = 128, SIZE_AT = 0, COLOUR_AT = 16, SIGNATURE_AT = 36 };

static size_t read_number(const unsigned char *bytes) {
    return (size_t)bytes[0] << 24 | (size_t)bytes[1] << 16 | (size_t)bytes[2] << 8 | bytes[3];
}

/* Returns the colour space that a profile for this picture must name. */
static const char *colour_of(const VipsImage *picture) {
    if (vips_image_get_interpretation(picture) == VIPS_INTERPRETATION_CMYK)
        return "CMYK";
    return vips_image_get_bands(picture) < 3 ? "GRAY" : "RGB ";
}

static bool fits(const VipsImage *picture, const unsigned char *profile, size_t size) {
    if (size < HEADER_SIZE || memcmp(profile + SIGNATURE_AT, "acsp", 4) != 0)
        return false;
    return read_number(profile + SIZE_AT) <= size && memcmp(profile + COLOUR_AT, colour_of(picture), 4) == 0;
}

enum profile profile_of(const VipsImage *picture) {
    const void *profile;
    size_t size;
    if (vips_image_get_typeof(picture, VIPS_META_ICC_NAME) == 0)
        return PROFILE_NONE;
    if (vips_image_get_blob(picture, VIPS_META_ICC_NAME, &profile, &size) != 0)
        return PROFILE_UNFIT;
    return fits(picture, profile, size) ? PROFILE_FITS : PROFILE_UNFIT;
}
