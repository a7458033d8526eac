/*
 * numbers.h - numbers off a command line.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_NUMBERS_H
#define IMAGE_PIPELINE_NUMBERS_H

#include <stdbool.h>
#include <stdint.h>

/* Reads all of `text`, digits only, as a number from `min` to `max`. */
bool numbers_read(const char *text, uint64_t min, uint64_t max, uint64_t *number);

/* The same, for the value of `option`. False: a message was printed. */
bool numbers_read_option(const char *option, const char *text, uint64_t min, uint64_t max, uint64_t *number);

#endif /* IMAGE_PIPELINE_NUMBERS_H */
