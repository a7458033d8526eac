/*
 * errors.h - Keeps the errors of a run.
 *
 * All errors are counted. The first errors are kept, in the order of their times. The first fatal error ends the run,
 * and is always kept: if the list is full, it replaces the last error. That one, and errors that find the list full,
 * go into a ring of the latest ones. Create allocates memory for the list, for the ring and for the fatal error's
 * message. So an error is kept even if memory runs out; only the message of an error of the list that is not fatal
 * may be lost.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_STATE_ERRORS_H
#define WEIR_PIPELINE_STATE_ERRORS_H

#include <weir/report.h>

#include "lock/lock.h"
#include "sync/sync.h"

enum {
    WEIR__MESSAGE = 256, /* size of an error's message, with its terminating zero, in bytes */
    WEIR__LATEST = 16    /* maximum number of latest errors */
};

/* The lock guards all other members. Zero-initialised, except for `kept` and `most`. */
typedef struct weir__errors {
    weir__lock lock;
    uint64_t count;
    weir_error *kept; /* array of `most` places */
    size_t kept_count, most;
    weir_error *fatal; /* first fatal error, in `kept`; NULL: none */
    char fatal_message[WEIR__MESSAGE];
    uint64_t passed; /* number of errors put into the ring so far; the next one goes to this place, modulo its size */
    weir_error latest[WEIR__LATEST]; /* the ring */
    char latest_messages[WEIR__LATEST][WEIR__MESSAGE];
} weir__errors;

/* Allocates the list for `most` errors; 0 selects 100. Returns false if there is no memory. */
bool weir__errors_prepare(weir__errors *errors, size_t most);

void weir__errors_free(weir__errors *errors);

/*
 * Counts an error, and keeps it if there is room. Sets its time to the ns since `started`. `fatal`: the error ends the
 * run.
 */
void weir__errors_add(weir__errors *errors, weir_error error, uint64_t started, bool fatal);

/* Whether a kept error is fatal. */
bool weir__errors_has_fatal(weir__errors *errors);

/* Copies the latest errors, oldest first, and returns their number. The lock is held. */
size_t weir__errors_latest_locked(const weir__errors *errors, weir_error latest[WEIR__LATEST]);

/* Marks the fatal error and moves it to the first place, after an error has ended the run. The lock is held. */
void weir__errors_mark_locked(weir__errors *errors);

#endif /* WEIR_PIPELINE_STATE_ERRORS_H */
