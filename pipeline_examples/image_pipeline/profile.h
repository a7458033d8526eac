/*
 * profile.h - whether the ICC profile in a picture is about that picture.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_PROFILE_H
#define IMAGE_PIPELINE_PROFILE_H

#include <vips/vips.h>

enum profile {
    PROFILE_NONE,
    PROFILE_FITS,
    PROFILE_UNFIT /* for another kind of colour, cut, or no profile at all */
};

/* Looks at the profile's header only: one that fits may still be refused when a conversion is made of it. */
enum profile profile_of(const VipsImage *picture);

#endif /* IMAGE_PIPELINE_PROFILE_H */
