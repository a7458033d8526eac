/*
 * dispatch.h - One thread that waits for signals, for all pipelines.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_DISPATCH_H
#define WEIR_PIPELINE_DISPATCH_H

#include <stdbool.h>
#include <stddef.h>

/* One that is told of signals; the owner keeps it in its place from joining to leaving. */
typedef struct weir__listener {
    struct weir__listener *next, *before;
    const int *signals; /* the owner's; constant */
    size_t count;
    bool deaf; /* it wants none any more; under the dispatcher's lock */

    /*
     * A signal has arrived. Called in the dispatcher's thread with its lock held: it must not block for long. May set
     * `deaf`. Returns whether it has taken the signal.
     */
    bool (*tell)(struct weir__listener *listener, int signal);
} weir__listener;

/* Tells it of its signals from now on. False: the thread cannot be created. */
bool weir__dispatch_join(weir__listener *listener);

/* After that no call of `tell` is under way, and none comes. Returns when the thread has ended, if it was the last. */
void weir__dispatch_leave(weir__listener *listener);

#endif /* WEIR_PIPELINE_DISPATCH_H */
