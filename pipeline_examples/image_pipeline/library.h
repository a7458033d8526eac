/*
 * library.h - opens libvips, in the program and in its child processes.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_LIBRARY_H
#define IMAGE_PIPELINE_LIBRARY_H

#include <stdbool.h>

/* How many pictures the process decodes at a time. */
enum library_use { LIBRARY_SEVERAL, LIBRARY_ONE };

/* Returns false if libvips cannot be opened; vips_text_take then has the reason. */
bool library_open(enum library_use use);

/* Called after the last decode. */
void library_close(void);

#endif /* IMAGE_PIPELINE_LIBRARY_H */
