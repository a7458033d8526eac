/*
 * weir/status.h - what a call of weir returns.
 *
 * A function that can fail returns a weir_status and hands its results out through pointers, which it leaves untouched
 * unless its comment says otherwise, and what it was asked to do is not done, not even in part, unless its comment says
 * so. Nobody has to read errno, and weir never prints and never aborts.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_STATUS_H
#define WEIR_STATUS_H

#include <weir/export.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum weir_status {
    WEIR_OK = 0,          /* done as asked */
    WEIR_CLOSED = 1,      /* the stream has ended: a sentinel was taken, or the queue was shut down */
    WEIR_FULL = 2,        /* a try_put found no room */
    WEIR_EMPTY = 3,       /* a try_get found nothing */
    WEIR_TIMEDOUT = 4,    /* the deadline passed first */
    WEIR_INVALID = 5,     /* an argument that is never right, or a call that is never right in this state */
    WEIR_NOMEM = 6,       /* out of memory */
    WEIR_BUSY = 7,        /* other threads still sleep in the object, or use it */
    WEIR_DEADLOCK = 8,    /* the call would wait for the thread that makes it */
    WEIR_DISCARDED = 9,   /* it is over, but items were given to the drop function instead of a consumer */
    WEIR_NOTHREAD = 10,   /* the system would not create a thread */
    WEIR_INITFAILED = 11, /* a worker's init function did not return WEIR_OK */
    WEIR_UNFINISHED = 12, /* the workers have all ended before the work: items are left in their queue */
    WEIR_CANCELLED = 13,  /* a pipeline was cancelled */
    WEIR_FAILED = 14      /* an error has ended the run of a pipeline */
} weir_status;

/*
 * Returns one English sentence without a full stop for `status`, or "unknown status" for a number that is none. The
 * string is static: never NULL, never freed. Any thread may call it at any time.
 */
WEIR_API const char *weir_strerror(weir_status status);

#ifdef __cplusplus
}
#endif

#endif /* WEIR_STATUS_H */
