/*
 * url.h - file names in URLs.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_URL_H
#define IMAGE_PIPELINE_URL_H

#include <stdbool.h>
#include <stddef.h>

/* Whether `text` starts with http:// or https://. */
bool url_is_http(const char *text);

/*
 * Returns `base` with `name`, percent-encoded, as one more component of its path; the caller frees it. The query of
 * `base`, which may be a signature, stays behind the path. NULL: out of memory.
 */
char *url_join(const char *base, const char *name);

/*
 * Decodes `length` characters of percent-encoded text into `plain`, which has room for length + 1. False, and `plain`
 * unusable, when an escape is not two hexadecimal digits or stands for the byte 0, which would end the text early.
 */
bool url_decode(const char *encoded, size_t length, char *plain);

/* Returns a copy without the fragment, in which blanks are encoded; the caller frees it. NULL: out of memory. */
char *url_encode_blanks(const char *url);

/* The last component of a URL's path, still encoded, and its length, which may be 0. The query is not path. */
const char *url_last_component(const char *url, size_t *length);

/* Writes the URL, or as much of it as fits, without user, password, query and fragment: as people may see it. */
void url_show(char *text, size_t size, const char *url);

/*
 * Whether `name` names a file right inside a folder and nothing else: not empty, no '/', and no dot in front, which
 * rules out "." and ".." as well as hidden files.
 */
bool url_is_plain_name(const char *name);

#endif /* IMAGE_PIPELINE_URL_H */
