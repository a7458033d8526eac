/*
 * list.h - reads a list of URLs.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_LIST_H
#define IMAGE_PIPELINE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
    char *bytes; /* the whole list, followed by a 0 */
    size_t size, room;
    size_t place; /* where the next entry begins */
    char separator;
    size_t number; /* of the entry that list_next has returned, counted from 1: its line unless separated by NULs */
};

/*
 * Reads the file at `path`, or standard input if that is "-". Entries end with a newline, or with a NUL if
 * `is_null_separated`. A signal interrupts the reading. On failure prints a message and returns false. list_close
 * must be called in either case.
 */
bool list_open(struct list *list, const char *path, bool is_null_separated);

/* Returns the next entry without blanks around it, or NULL at the end. Skips empty entries and comments ('#'). */
char *list_next(struct list *list);

void list_close(struct list *list);

#endif /* IMAGE_PIPELINE_LIST_H */
