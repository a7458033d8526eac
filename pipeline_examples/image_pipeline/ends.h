/*
 * ends.h - the two ends of the pipeline: where the pictures come from, and where the thumbnails go.
 *
 * Both are reached by HTTP, always. A folder gets a server inside the program for that.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_ENDS_H
#define IMAGE_PIPELINE_ENDS_H

#include "http_server.h"
#include "options.h"
#include "source.h"

struct ends {
    struct source source;       /* what there is to do */
    const char *to_url;         /* the collection that the thumbnails are put to */
    struct http_server *origin; /* NULL: the pictures come from elsewhere */
    struct http_server *store;  /* NULL: the thumbnails go elsewhere */
    char *painted;              /* the temporary folder of the pictures painted for this run, or NULL */
};

/*
 * Opens both ends as the options say. Returns 0, or the exit status when something is in the way, and a message was
 * printed. ends_close is to be called in either case.
 */
int ends_open(struct ends *ends, const struct options *options);

/* Removes the painted pictures, if there are any, when nobody will ask for them any more. */
void ends_remove_painted(struct ends *ends);

/* Stops the servers and removes what was temporary; after interrupt_stop. */
void ends_close(struct ends *ends);

#endif /* IMAGE_PIPELINE_ENDS_H */
