/*
 * weir/status.h - the status codes of weir's calls.
 *
 * A function that can fail returns a weir_status and stores its results through pointers. A failed call has no effect
 * and leaves the results untouched, unless its comment says otherwise. Callers never need errno. weir never prints a
 * diagnostic and never aborts.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_STATUS_H
#define WEIR_STATUS_H

#include <weir/export.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The status of a call. */
typedef enum weir_status {
    WEIR_OK = 0,          /* success */
    WEIR_CLOSED = 1,      /* end of the stream: a sentinel was taken, the queue is shut down; or the future has ended */
    WEIR_FULL = 2,        /* a non-blocking put found no room */
    WEIR_EMPTY = 3,       /* a non-blocking get found no item, or the value was taken */
    WEIR_TIMEDOUT = 4,    /* the deadline passed first */
    WEIR_INVALID = 5,     /* an argument is never valid, or the call is never valid in this state */
    WEIR_NOMEM = 6,       /* out of memory */
    WEIR_BUSY = 7,        /* other threads still sleep in the object or use it */
    WEIR_DEADLOCK = 8,    /* the call would wait for its own thread, or for ever */
    WEIR_DISCARDED = 9,   /* finished, but items went to the drop function instead of a consumer */
    WEIR_NOTHREAD = 10,   /* the system did not create a thread */
    WEIR_INITFAILED = 11, /* a worker's init function did not return WEIR_OK */
    WEIR_UNFINISHED = 12, /* all workers have exited while items were still queued */
    WEIR_CANCELLED = 13,  /* the pipeline or the future was cancelled */
    WEIR_FAILED = 14,     /* an error ended the run of the pipeline, or the future */
    WEIR_DISCONNECTED = 15, /* no server can be reached */
    WEIR_TOO_LARGE = 16,    /* the item has more bytes than the server takes */
    WEIR_AUTH = 17,         /* the server refuses the user, or does not permit the call */
    WEIR_TLS = 18,          /* a certificate is wrong or missing */
    WEIR_UNCERTAIN = 19     /* the server has not answered: the call may have had its effect */
} weir_status;

/*
 * The code of an error from weir itself, among those of a program (weir_error.code, weir_dead_letter.code,
 * weir_future_code): no errno value, negated or not, no HTTP status, no exit status and no -1. A constant expression.
 */
#define WEIR_CODE(status) (-0x77656900 - (int)(status))

/*
 * Returns the status of which `code` is the WEIR_CODE, such as WEIR_TIMEDOUT for weir_strerror. WEIR_OK for the code of a
 * program, and for 0. Thread-safe.
 */
WEIR_API weir_status weir_code_status(int code);

/*
 * Returns one English sentence for `status`, without a full stop, or "unknown status" for any other number. The
 * string is static: never NULL, never freed. Thread-safe.
 */
WEIR_API const char *weir_strerror(weir_status status);

#ifdef __cplusplus
}
#endif

#endif /* WEIR_STATUS_H */
