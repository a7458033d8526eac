/*
 * options.h - the command line of weir-thumbs.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_OPTIONS_H
#define IMAGE_PIPELINE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct options {
    const char *from;       /* a folder, a list of URLs or "-"; NULL: paint a set of pictures */
    const char *to;         /* a folder or a URL */
    bool is_null_separated; /* the list */
    int width, height, quality;
    size_t downloads, resizes, uploads, queue;
    size_t max_bytes;    /* of one picture as downloaded */
    uint64_t max_pixels; /* of one picture as its header says */
    bool keep_damaged;   /* makes a thumbnail of a damaged picture too */
    bool overwrite;      /* replaces what is in the way, whatever it is */
    bool skip_existing;  /* leaves pictures out that have their thumbnail */
    unsigned retries;    /* of a transfer that failed for a reason that passes, after its first attempt */
    long timeout;        /* seconds that a transfer may take to connect, or go on without getting anywhere */
};

/*
 * Reads the command line. True: go ahead. False: the program is to exit with `*exit_status`, what there was to say has
 * been said.
 */
bool options_parse(struct options *options, int argc, char **argv, int *exit_status);

#endif /* IMAGE_PIPELINE_OPTIONS_H */
