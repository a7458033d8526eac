/*
 * child_options.h - Defines what a child process starts with.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_SYNC_CHILD_OPTIONS_H
#define WEIR_SYNC_CHILD_OPTIONS_H

#include <signal.h>

#include "sync/confine.h"

/* Signals that a child does not ignore: ignored ones stay so over an exec. */
static const int weir__reset_signals[] = {SIGCHLD, SIGPIPE, SIGTERM, SIGXCPU, SIGXFSZ};

typedef struct weir__child_options {
    const char *const *argv; /* the program is searched by PATH */
    char *room;              /* for that search, PATH_MAX bytes; unused if argv[0] has a slash */
    const char *const *env;  /* NULL: of this process */
    const char *directory;   /* NULL: of this process */
    int streams[3];          /* its standard streams; each is above 2 and closed on exec */
    const int *more;         /* further descriptors, which become 3 and so on; each is above the last of them */
    int more_count;
    const weir__confined *limits; /* of the program, set before it begins; NULL: none */
} weir__child_options;

#endif /* WEIR_SYNC_CHILD_OPTIONS_H */
