/*
 * errors.h - Implements the list of a run's errors.
 *
 * The first ones are kept, in the order of their times, and all are counted. The first fatal one, which ends the run,
 * is always kept: if there is no room, in place of the last one. Room for all of them, and for the fatal one's message,
 * is taken at the start, so none is lost when memory runs out; only another one's message may be.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_ERRORS_H
#define WEIR_PIPELINE_ERRORS_H

#include <weir/report.h>

#include "lock/lock.h"
#include "sync/sync.h"

enum { WEIR__MESSAGE = 256 }; /* bytes of an error's message, with its zero */

/* All under the lock. Zero but for the room. */
typedef struct weir__errors {
    weir__lock lock;
    uint64_t count;
    weir_error *kept; /* room for `most` */
    size_t kept_count, most;
    weir_error *fatal; /* one of the kept: the first that ends the run; NULL: none does */
    char fatal_message[WEIR__MESSAGE];
} weir__errors;

/* Makes room for `most` errors; 0: for the usual number. Returns false if there is no memory. */
bool weir__errors_prepare(weir__errors *errors, size_t most);

void weir__errors_free(weir__errors *errors);

/*
 * Keeps an error, or counts it if there is no room. Its time is set to that since `started`. `fatal`: it ends the run.
 */
void weir__errors_add(weir__errors *errors, weir_error error, uint64_t started, bool fatal);

/* Whether one of them ends the run. */
bool weir__errors_has_fatal(weir__errors *errors);

/* An error has ended the run: marks the fatal one and moves it to the first place. The lock is held. */
void weir__errors_mark_locked(weir__errors *errors);

#endif /* WEIR_PIPELINE_ERRORS_H */
