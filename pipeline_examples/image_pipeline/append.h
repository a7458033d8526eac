/*
 * append.h - writes the whole of a text to a file.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_APPEND_H
#define IMAGE_PIPELINE_APPEND_H

#include <stdbool.h>
#include <stddef.h>

/* Returns false with errno set if some or all of the text could not be written. */
bool append(int file, const char *text, size_t size);

#endif /* IMAGE_PIPELINE_APPEND_H */
