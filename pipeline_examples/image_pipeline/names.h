/*
 * names.h - the names of thumbnails.
 *
 * A name depends on the picture's source alone, not on the other pictures of the run. When only some pictures are
 * processed again, each thumbnail keeps its name. As a consequence, two pictures may have the same name; the set of
 * names detects that. A picture from a list has a second name for that case, the long one. It too depends on its
 * source alone.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_NAMES_H
#define IMAGE_PIPELINE_NAMES_H

#include <stdbool.h>
#include <stddef.h>

#include "format.h"

/*
 * Returns the thumbnail name for the picture called `original`: that name, with the extension of the thumbnail's format
 * appended unless it ends in one. Characters that are not safe in a file name are replaced. `query` is the query of the
 * picture's URL; "" or NULL if there is none. If `original` has no file extension of a picture format, the query
 * identifies the picture, and a digest of it becomes part of the name. The caller frees the name. Returns NULL if
 * memory is exhausted.
 */
char *names_make(const char *original, const char *query, enum format format);

/*
 * Does the same for the file of a path in a folder, without a query: the folders of the path are kept. If characters
 * of the path are replaced, a digest of the path precedes the extension, so that two paths have two names. The caller
 * frees the name, and NULL means the same.
 */
char *names_make_below(const char *path, enum format format);

/*
 * Returns the long name of the picture with this URL, made from its short name: a digest of the URL precedes the
 * extension. `name` must come from names_make. The caller frees the result. Returns NULL if memory is exhausted.
 */
char *names_make_long(const char *name, const char *url);

/*
 * Returns the name for one of several sizes: "-" and the size precede the extension. `name` must come from one of the
 * functions above. The caller frees the result. Returns NULL if memory is exhausted.
 */
char *names_make_sized(const char *name, const char *size);

/* Returns a hash of the name. */
size_t names_hash(const char *name);

struct names;

/* Returns NULL if memory is exhausted. */
struct names *names_create(void);

/*
 * Adds a name, made by one of the functions above, to the set for the picture with that number. The set owns and
 * frees it. Returns the name in the set, and in `*first` the number of the picture that took it first. Returns NULL
 * if memory is exhausted; the caller then still owns the name.
 */
const char *names_take(struct names *names, char *name, size_t number, size_t *first);

/* Returns whether the set has the name. */
bool names_have(const struct names *names, const char *name);

/* Frees the set and all its names. NULL does nothing. */
void names_destroy(struct names *names);

#endif /* IMAGE_PIPELINE_NAMES_H */
