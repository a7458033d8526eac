/*
 * digest.h - short digests for long or secret texts.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_DIGEST_H
#define IMAGE_PIPELINE_DIGEST_H

#include <stddef.h>

/* Writes the first `digits` hexadecimal digits, at most 64, of the SHA-256 of both texts, concatenated. */
void digest_write(char *hex, size_t digits, const char *first, size_t first_size, const char *second,
                  size_t second_size);

#endif /* IMAGE_PIPELINE_DIGEST_H */
