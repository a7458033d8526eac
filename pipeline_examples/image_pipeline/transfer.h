/*
 * transfer.h - what downloads and uploads have in common: a libcurl handle of a worker's own.
 *
 * A handle keeps its connection open from one photo to the next. It belongs to one thread and is never shared.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_TRANSFER_H
#define IMAGE_PIPELINE_TRANSFER_H

#include <curl/curl.h>
#include <stdbool.h>

#include <weir/pipeline.h>

struct transfer {
    CURL *curl;
    bool is_embedded; /* it asks a server inside this program, which is not away, and whose failures do not pass */
    weir_task *task;  /* that it runs for */
    int failure;      /* what weir_task_fail has returned to the callback that ends it; 0: none has */
    char error[CURL_ERROR_SIZE];
};

/* `transfer` must stay where it is until it is closed. False: out of memory, or a libcurl that lacks something. */
bool transfer_open(struct transfer *transfer, long timeout, bool is_embedded);

void transfer_close(struct transfer *transfer);

/*
 * Fails the task for this HTTP status: `before` comes before it in the message, and `reason` behind it, "" for none. One
 * that may pass is TRANSIENT, and tried again no sooner than its Retry-After says, unless that is longer than five
 * minutes: then the picture has failed.
 */
int transfer_fail(const struct transfer *transfer, const char *before, long status, const char *reason);

/* Whether a request that is answered so may be answered otherwise later. */
bool transfer_may_pass(const struct transfer *transfer, long status);

/* For the pipeline: whether an attempt that failed with this code is worth another one. */
weir_retry_func transfer_is_transient;

/* Runs what was set up. Returns 0, and in `*status` the HTTP status of the answer; or fails the task. */
int transfer_run(struct transfer *transfer, weir_task *task, long *status);

#endif /* IMAGE_PIPELINE_TRANSFER_H */
