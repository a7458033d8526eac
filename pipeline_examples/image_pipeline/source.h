/*
 * source.h - the list of photos to process.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_SOURCE_H
#define IMAGE_PIPELINE_SOURCE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

#include "clashes.h"
#include "list.h"
#include "mark.h"
#include "pack.h"
#include "photo.h"

struct names;
struct queue;
struct walk;

struct source {
    struct photo **photos; /* of a list; used by the main thread only, like the next five */
    size_t room;
    size_t given; /* number of photos that source_next has returned */
    struct list list;
    struct pack files; /* of a folder, sorted; none without one */
    struct clashes clashes;
    struct walk *walk;    /* through folders; NULL without one */
    struct queue *queue;  /* that others put to; NULL without one */
    const char *base_url; /* of the folder or the walk; constant */
    atomic_size_t count;  /* number of photos so far */
    atomic_bool is_whole; /* no more photos will come */
    struct names *names;  /* of a list */
    enum format format;   /* of the thumbnails; constant, like the next one */
    char *place;          /* prefix of a source in marks, for the folder; NULL for URLs, which need none */
};

/*
 * Lists the files in `folder`, sorted, with URLs below `base_url`. Hidden files and folders are left out. Files that
 * are not images are detected later, by their content. `place` stands for the folder in marks; NULL selects its path.
 * Only the names are in memory: each photo is made by source_next, and freed when it is dropped. `base_url` must
 * outlive the source. On failure prints a message and returns false.
 */
bool source_from_folder(struct source *source, const char *folder, const char *base_url, const char *place,
                        enum format format);

/*
 * Does the same for the files in all folders below, but lists them while they are processed. Their names are paths.
 * `left_out` is a folder to leave out.
 */
bool source_from_folders(struct source *source, const char *folder, const char *base_url, const char *left_out,
                         enum format format);

/*
 * Opens a list (list.h) of URLs, and reads all of it if it is a file on a disk. In an entry, a tab and a name for the
 * thumbnail may follow the URL. An entry without that gets its long name if an earlier entry with another URL has the
 * same short name. An entry that is no URL stays in the list, and fails. On failure prints a message and returns false.
 */
bool source_from_list(struct source *source, const char *path, bool is_null_separated, enum format format);

/*
 * Takes a queue (queue.h), and takes its entries one by one: each photo is freed when it is dropped, and goes back to
 * the queue if it has not ended then.
 */
void source_from_queue(struct source *source, struct queue *queue, enum format format);

/*
 * Returns the next photo; NULL after the last one, or if the list is broken, with is_whole false. Blocks until the
 * list or the queue has a further entry, or a signal interrupts it.
 */
struct photo *source_next(struct source *source);

/* Takes no more photos. Those of a queue that were taken in advance go back to it. */
void source_leave(struct source *source);

/* Makes source_next call `idle` about ten times a second while it waits for an entry of a list. NULL: no call. */
void source_when_idle(struct source *source, void (*idle)(void *), void *argument);

/* Writes the mark for the thumbnail of this photo. */
void source_mark(char mark[MARK_SIZE], const struct source *source, const struct photo *photo);

/* Frees the members. A source that is all zero but for list.file, which is -1, is empty. */
void source_free(struct source *source);

#endif /* IMAGE_PIPELINE_SOURCE_H */
