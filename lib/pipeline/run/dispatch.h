/*
 * dispatch.h - Waits for signals on one thread, the dispatcher, for all pipelines.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_PIPELINE_RUN_DISPATCH_H
#define WEIR_PIPELINE_RUN_DISPATCH_H

#include <stdbool.h>
#include <stddef.h>

/* A listener. Its owner must not move it from joining to leaving. */
typedef struct weir__listener {
    struct weir__listener *next, *before;
    const int *signals; /* array of the owner; constant */
    size_t count;
    bool deaf; /* wants no further signal; under the dispatcher's lock */

    /*
     * Receives a signal. Runs on the dispatcher's thread with its lock held, so it must not block for long. May set
     * `deaf`. Returns whether it has taken the signal.
     */
    bool (*tell)(struct weir__listener *listener, int signal);
} weir__listener;

/*
 * Adds a listener, which receives its signals from now on. Returns false if the dispatcher's thread cannot be created.
 */
bool weir__dispatch_join(weir__listener *listener);

/*
 * Removes a listener. Afterwards no call of its `tell` runs or begins. If it was the last listener, blocks until the
 * dispatcher has ended.
 */
void weir__dispatch_leave(weir__listener *listener);

#endif /* WEIR_PIPELINE_RUN_DISPATCH_H */
