/*
 * photo.h - the item that flows through the pipeline: one picture and its thumbnail.
 *
 * The photo structs of a list of URLs are in the source, which outlives the pipeline; those from folders are freed one
 * by one, and so are those from a queue. The memory that a photo refers to belongs to the current holder of the
 * photo: the pipeline, the stage that processes it, or the reader of the dead letters. A photo never has two holders,
 * so its members need no lock.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_PHOTO_H
#define IMAGE_PIPELINE_PHOTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct box;
struct delivery;
struct host;
struct room;

/* An encoded thumbnail, in GLib's memory; NULL if there is none. */
struct thumbnail {
    void *bytes;
    size_t size;
};

struct photo {
    char *label;               /* the file's name or the URL, for messages; constant, like the next eight */
    char *url;                 /* where it is downloaded from */
    const struct photo *clash; /* photo of another picture that took its name first; NULL if the name is its own */
    bool is_url;               /* the label is a URL */
    size_t number;             /* number of its entry in the list */
    const char *fault;         /* why it cannot be downloaded; NULL if a download is possible */
    bool is_single;            /* it is freed when it is dropped, with its label, URL, name and clash */
    const char *short_name;    /* first name of its thumbnail, without a size; NULL if it has a fault */
    char *given_name;          /* name after its URL in the list; NULL if there is none */
    char *long_name;       /* name if another picture's thumbnail has the short one; NULL if it has no second name */
    const char *name;      /* current name of its current thumbnail; NULL if it has a fault */
    char *sized_name;      /* the memory of `name` if that has a size; else NULL */
    size_t size;           /* number of the current thumbnail, counted from 0 */
    const char *size_text; /* its size in its name; NULL if the name has none */
    bool has_long_name;    /* its name is made from the long one */

    unsigned char *image; /* the picture as downloaded; NULL before, and after resizing */
    size_t image_size;
    struct thumbnail *thumbnails; /* one for each size of the recipe; NULL before resizing */
    size_t thumbnail_count;
    struct room *room;         /* counts the next one; NULL before the download */
    uint64_t held;             /* bytes taken for the picture and its thumbnails */
    size_t expected;           /* bytes of the picture, as learnt from a download that waited for memory; else 0 */
    uint64_t granted;          /* bytes that a child process may take for the decode */
    bool is_checked;           /* the destination has been asked for an existing thumbnail, and has none */
    unsigned failures;         /* transient ones in this stage */
    unsigned host_failures;    /* transfers by which its host has shown that it does not answer */
    uint64_t delay;            /* ns before the next attempt, as the server or a pause asks; 0 if neither does */
    struct host *behind;       /* host behind a redirect that has failed; NULL if none */
    struct photo *next_parked; /* used by hosts.c, like the next one */
    struct host *inside;       /* host that has admitted it; NULL if none */
    uint64_t begun;            /* time of its first attempt, in ns */
    unsigned retries;          /* transient failures in all stages */
    long status;               /* of the last HTTP answer; 0 if there was none */
    size_t bytes_in;           /* of the picture as downloaded */

    struct delivery *delivery; /* of the queue that it comes from; NULL if it has ended there, or comes from none */

    unsigned notes; /* how the thumbnail was made: a sum of enum photo_note */
    char *damage;   /* the decoder's message if the picture is damaged; else NULL */
};

/* Notes on pictures that became thumbnails in spite of a flaw. */
enum photo_note {
    PHOTO_PROFILE_IGNORED = 1 /* its colour profile does not fit */
};

enum { PHOTO_LABEL_SIZE = 1024 };

/*
 * Writes the label for messages, shortened to `size`, which must be at least 64: its end stays. Messages may be logged
 * and read by others, so secrets of a URL are left out. If a URL has a query, which is left out too, the entry's number
 * tells it apart.
 */
void photo_show(char *text, size_t size, const struct photo *photo);

/*
 * Makes the thumbnail of a size the current one, under its short name. `size` is one of those of the recipe, and of
 * `count`: the name has the size only if there are several. Returns false if memory is exhausted.
 */
bool photo_select(struct photo *photo, const struct box *sizes, size_t count, size_t number);

/*
 * Switches to the long name of the current thumbnail. Returns false if it has that name already, if the photo has no
 * long name, or if memory is exhausted.
 */
bool photo_take_long_name(struct photo *photo);

/*
 * Writes why the photo cannot be processed: its fault, or the name that another one has. Returns false if it can be.
 */
bool photo_explain(char *text, size_t size, const struct photo *photo);

/* Returns the current thumbnail. */
struct thumbnail *photo_thumbnail(struct photo *photo);

/* Allocates room for `count` thumbnails. Returns false if memory is exhausted. */
bool photo_make_room(struct photo *photo, size_t count);

/* Removes from the downloaded picture what no decoder needs, and may take much memory. */
void photo_prepare(struct photo *photo);

/* Frees the downloaded picture, which is not needed after resizing. */
void photo_forget_image(struct photo *photo);

/* Frees the thumbnails. */
void photo_forget_thumbnails(struct photo *photo);

/*
 * Frees what the photo holds at the end of its way, and a single photo itself. One that has not ended goes back to its
 * queue. A drop function for weir.
 */
void photo_drop(void *photo, void *unused);

/* Frees a photo that holds nothing any more. */
void photo_free(struct photo *photo);

#endif /* IMAGE_PIPELINE_PHOTO_H */
