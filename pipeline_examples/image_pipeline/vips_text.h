/*
 * vips_text.h - libvips's messages as one line.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_VIPS_TEXT_H
#define IMAGE_PIPELINE_VIPS_TEXT_H

#include <stddef.h>

/*
 * Writes the messages that libvips has kept, joined by "; " and truncated to `size`, and removes them from libvips.
 * Writes "" if there are none. Any thread may call it.
 */
void vips_text_take(char *text, size_t size);

#endif /* IMAGE_PIPELINE_VIPS_TEXT_H */
