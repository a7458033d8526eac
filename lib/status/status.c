/*
 * status.c - Implements the status codes: a table with one sentence for each, and what is one of weir's.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <weir/status.h>

#include <stddef.h>
#include <stdint.h>

static const char *const sentences[] = {
    [WEIR_OK] = "success",
    [WEIR_CLOSED] = "the queue is closed, or the future has ended",
    [WEIR_FULL] = "the queue is full",
    [WEIR_EMPTY] = "the queue is empty, or the value was taken",
    [WEIR_TIMEDOUT] = "the deadline has passed",
    [WEIR_INVALID] = "invalid argument or call",
    [WEIR_NOMEM] = "out of memory",
    [WEIR_BUSY] = "other threads are still using the object",
    [WEIR_DEADLOCK] = "the call would wait for its own thread, or for ever",
    [WEIR_DISCARDED] = "items were discarded",
    [WEIR_NOTHREAD] = "a thread could not be created",
    [WEIR_INITFAILED] = "a worker's init function failed",
    [WEIR_UNFINISHED] = "all workers have exited while items were still queued",
    [WEIR_CANCELLED] = "the pipeline or the future was cancelled",
    [WEIR_FAILED] = "an error ended the run or the future",
    [WEIR_DISCONNECTED] = "no server can be reached",
    [WEIR_TOO_LARGE] = "the item has more bytes than the server takes",
    [WEIR_AUTH] = "the server refuses the user or the call",
    [WEIR_TLS] = "a certificate is wrong or missing",
    [WEIR_UNCERTAIN] = "the server has not answered, so the call may have had its effect",
};

weir_status weir_code_status(int code) {
    int64_t status = (int64_t)WEIR_CODE(0) - code; /* which int cannot hold for every code */
    return status > 0 && status < (int64_t)(sizeof sentences / sizeof sentences[0]) ? (weir_status)status : WEIR_OK;
}

const char *weir_strerror(weir_status status) {
    size_t code = (size_t)status;
    if (code >= sizeof sentences / sizeof sentences[0])
        return "unknown status";
    return sentences[code];
}
