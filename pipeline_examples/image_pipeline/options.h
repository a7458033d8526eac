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

#include "queue_place.h"
#include "recipe.h"

enum { MAX_HEADERS = 32 };

/* Whether pictures are decoded in child processes. */
enum isolation { ISOLATE_IF_POSSIBLE, ISOLATE_ALWAYS, ISOLATE_NEVER };

struct options {
    const char *from;         /* a folder, a list of URLs or "-"; NULL paints a set of pictures */
    const char *to;           /* a folder, a URL or a bucket */
    struct queue_place queue; /* that programs share: with `from` a list is put to it, else this program joins */
    size_t take;              /* maximum pictures from the queue at a time */
    uint64_t ack_wait;        /* seconds after which pictures of a silent program go to another one */
    const char *s3_endpoint;  /* URL of the S3 store; NULL: Amazon's */
    const char *s3_region;    /* NULL: that of the environment */
    size_t rate;              /* maximum requests a second; 0: no limit */
    size_t per_host;          /* maximum downloads from a host at a time; 0: no limit */
    const char *cacert;       /* file of the authorities that sign certificates; NULL: libcurl's */
    bool is_insecure;         /* accepts any certificate */
    bool is_public_only;      /* downloads nothing from private addresses */
    const char *metrics;      /* address and port for Prometheus; NULL for none */
    const char *trace;        /* file for the trace; NULL for none */
    const char *user_agent;   /* sent with each request */
    const char *headers[MAX_HEADERS]; /* sent with downloads, each "Name: value" */
    size_t header_count;
    size_t max_failures;    /* failures after which the run is given up; 0: none */
    bool is_quiet;          /* prints no progress and no summary */
    bool is_dry;            /* prints the names, and does nothing else */
    const char *journal;    /* file of the pictures that are done; NULL for none */
    const char *report;     /* file for the report; NULL for none */
    bool is_null_separated; /* the list */
    struct recipe recipe;   /* what is made of each picture */
    enum isolation isolation;
    size_t downloads, uploads; /* numbers of threads; 0: as many as bring more */
    size_t resizes;
    size_t capacity;    /* of each stage's input queue */
    size_t max_bytes;   /* maximum for one picture as downloaded */
    bool overwrite;     /* replaces any file that has the thumbnail's name */
    bool skip_existing; /* skips pictures that have a thumbnail */
    bool no_clobber;    /* replaces no file at all; skip_existing is set too */
    bool is_recursive;  /* takes folders in the folder too */
    unsigned retries;   /* further attempts at a transfer after a transient failure */
    long timeout;       /* maximum seconds for a whole transfer */
    long stall;         /* seconds to connect, and seconds without progress, before a transfer fails */
};

/* Parses the command line. Returns true to continue; false, with all output printed, to exit with `*exit_status`. */
bool options_parse(struct options *options, int argc, char **argv, int *exit_status);

#endif /* IMAGE_PIPELINE_OPTIONS_H */
