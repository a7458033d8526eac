/*
 * format.h - the formats of thumbnails.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_FORMAT_H
#define IMAGE_PIPELINE_FORMAT_H

#include <stdbool.h>

enum format { FORMAT_JPEG, FORMAT_WEBP, FORMAT_PNG, FORMAT_AVIF };

/* Finds the format with this name, such as "jpeg". Returns false if there is none. */
bool format_find(const char *name, enum format *format);

/* Returns the name of the format, such as "jpeg". */
const char *format_name(enum format format);

/* Returns the format as messages name it, such as "JPEG". */
const char *format_title(enum format format);

/* Returns the media type, such as "image/jpeg". */
const char *format_media_type(enum format format);

/* Returns the extension for names, with its dot, such as ".jpg". */
const char *format_extension(enum format format);

/* Returns whether the name ends in an extension of the format, in upper or lower case. */
bool format_fits(enum format format, const char *name);

/* Returns the quality if the command line gives none; 0 if the format has none. */
int format_quality(enum format format);

#endif /* IMAGE_PIPELINE_FORMAT_H */
