/*
 * names.h - what thumbnails are called.
 *
 * A name depends on the picture's source alone, and not on what else there is to do: when only some pictures are done
 * again, each thumbnail has the same name as before. So two pictures may come to the same name. The set of names tells.
 * A picture from a list then has a second name, the long one, which also depends on its source alone.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_NAMES_H
#define IMAGE_PIPELINE_NAMES_H

#include <stddef.h>

/*
 * Makes the name for the thumbnail of the picture called `original`: the same, with ".jpg" behind it unless it ends in
 * .jpg or .jpeg. What could not be a file's name is made into one. `query` is that of the picture's URL, "" or NULL
 * without one: if `original` has no ending that pictures have, it is the query that tells what it is, and a digest of it
 * is part of the name. The caller frees the name. NULL: out of memory.
 */
char *names_make(const char *original, const char *query);

/*
 * Makes the long name of the picture with this URL, from its short one, which names_make has made: a digest of the URL
 * goes in front of the ending. The caller frees it. NULL: out of memory.
 */
char *names_make_long(const char *name, const char *url);

struct names;

/* NULL: out of memory. */
struct names *names_create(void);

/*
 * Takes the name, which one of these has made, into the set, which frees it in the end, for the picture of that number.
 * Returns the name in the set, and in `*first` the number of the picture that came to it first. NULL: out of memory,
 * and the name is still the caller's.
 */
const char *names_take(struct names *names, char *name, size_t number, size_t *first);

/* Frees the set and every name in it. NULL does nothing. */
void names_destroy(struct names *names);

#endif /* IMAGE_PIPELINE_NAMES_H */
