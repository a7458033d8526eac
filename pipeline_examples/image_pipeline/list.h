/*
 * list.h - a list of URLs, one after the other.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_LIST_H
#define IMAGE_PIPELINE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
    char *bytes; /* the whole of it, with a 0 behind */
    size_t size, room;
    size_t place; /* where the next entry begins */
    char separator;
};

/*
 * Reads the file at `path`, or standard input when that is "-". Entries end with a newline, or with a NUL if
 * `is_null_separated`. A signal ends the reading. False: a message was printed. list_close is called in either case.
 */
bool list_open(struct list *list, const char *path, bool is_null_separated);

/* The next entry, without blanks around it; NULL: there is none. Empty ones and those with '#' in front are left out. */
char *list_next(struct list *list);

void list_close(struct list *list);

#endif /* IMAGE_PIPELINE_LIST_H */
