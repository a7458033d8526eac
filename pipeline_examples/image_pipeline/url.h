/*
 * url.h - file names in URLs.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_URL_H
#define IMAGE_PIPELINE_URL_H

#include <stdbool.h>
#include <stddef.h>

/* Returns whether `text` starts with http:// or https://. */
bool url_is_http(const char *text);

/*
 * Returns `base` with `name`, percent-encoded, appended as a component of its path; the caller frees it. The query of
 * `base`, such as a signature, still follows the path. Returns NULL if memory is exhausted.
 */
char *url_join(const char *base, const char *name);

/* Returns `path` percent-encoded, except its slashes; the caller frees it. NULL if memory is exhausted. */
char *url_encode_path(const char *path);

/*
 * Decodes `length` characters of percent-encoded text into `plain`, which has room for length + 1. Returns false,
 * with `plain` undefined, if an escape is not two hexadecimal digits or encodes the byte 0.
 */
bool url_decode(const char *encoded, size_t length, char *plain);

/* Returns a copy with blanks encoded and without the fragment; the caller frees it. NULL if memory is exhausted. */
char *url_encode_blanks(const char *url);

/* Returns the last component of a URL's path, still encoded, and its length, which may be 0. Excludes the query. */
const char *url_last_component(const char *url, size_t *length);

/* Returns the host and port of the URL as they are written; the caller frees them. NULL if memory is exhausted. */
char *url_host(const char *url);

/* Returns the scheme, host and port of the URL in lower case; the caller frees them. NULL if memory is exhausted. */
char *url_origin(const char *url);

/* Writes the URL for messages: without user, password, query and fragment, shortened to `size` by escape_shorten. */
void url_show(char *text, size_t size, const char *url);

/*
 * Returns whether `name` names a file directly inside a folder: not empty, no '/', and no leading dot, which excludes
 * "." and ".." as well as hidden files.
 */
bool url_is_plain_name(const char *name);

/* Returns whether each component of the path, between slashes, is a plain name. */
bool url_is_plain_path(const char *path);

#endif /* IMAGE_PIPELINE_URL_H */
