/*
 * ends.h - the two ends of the pipeline: the origin of the pictures, and the destination of the thumbnails.
 *
 * Both are always reached over HTTP. For a folder, the program runs a server inside itself.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_ENDS_H
#define IMAGE_PIPELINE_ENDS_H

#include "http_server.h"
#include "options.h"
#include "s3.h"
#include "source.h"
#include "temporary.h"

struct ends {
    struct source source;       /* the photos to process */
    const char *to_url;         /* collection that the thumbnails are put to */
    struct s3 s3;               /* bucket that they are put to, if any */
    struct http_server *origin; /* NULL if the pictures come from elsewhere */
    struct http_server *store;  /* NULL if the thumbnails go elsewhere */
    struct temporary painted;   /* folder of the pictures painted for this run, if any */
};

/*
 * Opens both ends as the options say. Returns 0, or the exit status after printing a message. ends_close must be
 * called in either case.
 */
int ends_open(struct ends *ends, const struct options *options);

/*
 * Makes requests to the destination carry the user's credentials: signatures for a bucket, those of ~/.netrc for another
 * server, unless its URL has a query. Returns false if libcurl refuses.
 */
bool ends_authorize(const struct ends *ends, CURL *curl);

/* Removes the painted pictures, if any. Called when no download can ask for them any more. */
void ends_remove_painted(struct ends *ends);

/* Stops the servers and removes temporary files. Called after interrupt_stop. */
void ends_close(struct ends *ends);

#endif /* IMAGE_PIPELINE_ENDS_H */
