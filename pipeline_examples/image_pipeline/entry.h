/*
 * entry.h - an entry of a list as the text that a queue has.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_ENTRY_H
#define IMAGE_PIPELINE_ENTRY_H

#include <stdbool.h>
#include <stddef.h>

enum { RUN_SIZE = 17 };

struct entry {
    const char *run;        /* digits of the run that has put it */
    size_t index;           /* its place among the pictures of that run, from 0 */
    size_t number;          /* that of the entry in the list */
    bool has_long_name;     /* an earlier picture of the list has its short name */
    unsigned failures;      /* in programs that have put it again, without those of its host */
    unsigned retries;       /* in these programs */
    const char *url;        /* as in the list */
    const char *given_name; /* the one after the URL; NULL if there is none */
};

/* Returns the text, which the caller frees. Returns NULL if memory is exhausted. */
char *entry_write(const struct entry *entry);

/* Reads a text, which it changes; the strings of the entry are in it. Returns false if the text is no entry. */
bool entry_read(struct entry *entry, char *text);

/* Cuts the text at the next tab or at its end, and returns its first field. Returns NULL after the last one. */
char *entry_field(char **text);

#endif /* IMAGE_PIPELINE_ENTRY_H */
