/*
 * journal.h - a file that says which pictures are done, for a run that goes on where another one was killed.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_JOURNAL_H
#define IMAGE_PIPELINE_JOURNAL_H

#include <pthread.h>
#include <stdbool.h>

#include "mark.h"

struct names;

struct journal {
    const char *path; /* NULL: there is no journal; constant while the run lasts, like the next two */
    int file;
    struct names *done;   /* marks of pictures that an earlier run has done */
    pthread_mutex_t lock; /* held while a line is written */
    int error;            /* errno of the first line that could not be written whole; 0 if none; guarded by the lock */
};

/*
 * Opens or creates the journal, locks it, and reads the marks in it. On failure prints a message and returns false: a
 * file that is no journal, one that another run uses, or one of a run with another recipe, stays as it is. `recipe` is
 * a line of options that say which thumbnails are made: a run with these and further ones has the same recipe.
 * journal_close must be called in either case.
 */
bool journal_open(struct journal *journal, const char *path, const char *recipe);
void journal_close(struct journal *journal);

/* Returns whether an earlier run has done the picture with this mark. Any thread may call it. */
bool journal_has(const struct journal *journal, const char mark[MARK_SIZE]);

/*
 * Notes that the picture is done: when the call returns, the system has the line, even if the process is killed. Returns
 * false with errno set if it could not be written. No line is written after one that may be cut: the next run ends that
 * one, and a further line would be a part of it. Any thread may call it. Without a journal does nothing.
 */
bool journal_add(struct journal *journal, const char mark[MARK_SIZE]);

#endif /* IMAGE_PIPELINE_JOURNAL_H */
