/*
 * list.h - reads a list of URLs, piece by piece.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_LIST_H
#define IMAGE_PIPELINE_LIST_H

#include <stdbool.h>
#include <stddef.h>

struct list {
    const char *path;
    int file;       /* -1: none */
    bool is_whole;  /* the end of the file has been read */
    bool is_broken; /* reading was interrupted or has failed, or the format is wrong */
    char *bytes;    /* what has been read and is not used up, and room for a 0 after it */
    size_t size, room;
    size_t place;  /* where the next entry begins */
    size_t before; /* number of bytes of the list before `bytes` */
    char separator;
    void (*idle)(void *); /* called now and then while list_next waits; NULL: none */
    void *idle_argument;
    size_t number; /* of the entry that list_next has returned, counted from 1: its line unless separated by NULs */
};

/*
 * Opens the file at `path`, or standard input if that is "-". Entries end with a newline, or with a NUL if
 * `is_null_separated`. `path` must stay valid. On failure prints a message and returns false. list_close must be called
 * in either case.
 */
bool list_open(struct list *list, const char *path, bool is_null_separated);

/* Returns whether the list is a file on a disk, which can be read to its end at once. */
bool list_is_file(const struct list *list);

/*
 * Returns the next entry without blanks around it; it is valid until the next call. Skips empty entries and comments
 * ('#'). Blocks until the entry is there, or a signal interrupts it. Returns NULL at the end of the list, or with
 * `is_broken` set. If that is not due to a signal, a message has been printed.
 */
char *list_next(struct list *list);

/* A list that is all zero but for `file`, which is -1, is closed. */
void list_close(struct list *list);

#endif /* IMAGE_PIPELINE_LIST_H */
