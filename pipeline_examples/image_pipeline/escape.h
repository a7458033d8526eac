/*
 * escape.h - makes foreign text safe to print.
 *
 * Names of files, URLs and answers of servers are foreign. They must not control the terminal, fake a line, or reverse
 * the order in which text is shown.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_ESCAPE_H
#define IMAGE_PIPELINE_ESCAPE_H

#include <stddef.h>

/*
 * Writes `text` with an escape for each byte that is not valid UTF-8 (\xe9), for each control character (\x1b, \u009b)
 * and for each character that is invisible or sets a direction (\u202e). Truncates to `size` before a character or an
 * escape. Returns the length.
 */
size_t escape_write(char *escaped, size_t size, const char *text);

/* Returns the number of bytes of the UTF-8 character that the text begins with; 0 if it begins with none. */
size_t escape_length(const char *text);

/*
 * Copies a name to `to`. If it has more than `size` - 1 bytes, "..." stands for a part in front of its middle: the end
 * of a path tells files apart. No character is cut. `size` must be at least 16.
 */
void escape_shorten(char *to, size_t size, const char *name);

/* Removes an incomplete UTF-8 character from the end of a text that has been truncated. */
void escape_trim(char *text);

#endif /* IMAGE_PIPELINE_ESCAPE_H */
