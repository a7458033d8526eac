/*
 * numbers.h - parses numbers from the command line.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_NUMBERS_H
#define IMAGE_PIPELINE_NUMBERS_H

#include <stdbool.h>
#include <stdint.h>

/* Parses all of `text`, digits only, as a number from `min` to `max`. Returns false if it is not one. */
bool numbers_read(const char *text, uint64_t min, uint64_t max, uint64_t *number);

/* Does the same for the value of `option`. On failure prints a message and returns false. */
bool numbers_read_option(const char *option, const char *text, uint64_t min, uint64_t max, uint64_t *number);

/* Does the same for a number of bytes, which may end in K, M or G: times 1024, 1024^2 or 1024^3. */
bool numbers_read_bytes(const char *option, const char *text, uint64_t min, uint64_t max, uint64_t *number);

#endif /* IMAGE_PIPELINE_NUMBERS_H */
