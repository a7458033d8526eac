/*
 * profile.h - checks whether the ICC profile in a picture fits the picture.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_PROFILE_H
#define IMAGE_PIPELINE_PROFILE_H

#include <vips/vips.h>

enum profile {
    PROFILE_NONE,
    PROFILE_FITS,
    PROFILE_UNFIT /* for another colour space, truncated, or no profile at all */
};

/* Reads the header of the profile only: a conversion may still reject a profile that fits. */
enum profile profile_of(const VipsImage *picture);

#endif /* IMAGE_PIPELINE_PROFILE_H */
