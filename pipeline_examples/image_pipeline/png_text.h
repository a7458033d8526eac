/*
 * png_text.h - removes texts from a PNG.
 *
 * libpng keeps each text in memory, and a compressed one may be a thousand times as long as in the file.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_PNG_TEXT_H
#define IMAGE_PIPELINE_PNG_TEXT_H

#include <stddef.h>

/* Removes the text chunks in place, and returns the new size. Leaves anything else as it is, from its first flaw on. */
size_t png_text_remove(unsigned char *png, size_t size);

#endif /* IMAGE_PIPELINE_PNG_TEXT_H */
