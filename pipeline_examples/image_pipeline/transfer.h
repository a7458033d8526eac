/*
 * transfer.h - the libcurl handle of a worker, for downloads and uploads.
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

#include "hosts.h"
#include "photo.h"

struct work;

struct transfer {
    CURL *curl;
    bool is_embedded;    /* uses a server inside this program: always reachable, and its failures are permanent */
    bool is_bucket;      /* puts into a bucket; false unless the user of the transfer sets it */
    long timeout;        /* maximum seconds for a whole transfer */
    uint64_t patience;   /* ns for which any server keeps a connection that this program does not read */
    struct hosts *hosts; /* NULL for the server inside this program, like the next one */
    struct pace *pace;
    long redirects;   /* those before the current host, which is that of the next two */
    bool met_private; /* an address was refused because it is not public */
    bool met_public;  /* a public address was tried */
    uint64_t held_up; /* ns for which this program was not ready for bytes; added to by the user of the transfer */
    weir_task *task;  /* current task, and its photo */
    struct photo *photo;
    int failure;        /* result of weir_task_fail in the callback that ends the transfer; 0 if none */
    const char *barred; /* why this server accepts no request, such as its certificate; NULL if it may */
    char error[CURL_ERROR_SIZE];
};

/* `transfer` must not move until it is closed. Returns false if memory is exhausted or libcurl lacks a feature. */
bool transfer_open(struct transfer *transfer, struct work *work, bool is_embedded);

/* Makes the transfer connect to public addresses only, also after a redirect. Returns false if libcurl refuses. */
bool transfer_stay_public(struct transfer *transfer);

void transfer_close(struct transfer *transfer);

/*
 * Fails the task for this HTTP status. In the message, `before` precedes the status and `reason` follows it; "" for
 * none. For a server inside this program, the message has no status if it has a reason. A status that may pass makes
 * the failure TRANSIENT, retried no sooner than its Retry-After says. If that is longer than five minutes, the failure
 * is permanent.
 */
int transfer_fail(const struct transfer *transfer, const char *before, long status, const char *reason);

/* Returns whether a later attempt at a request with this status may succeed. */
bool transfer_may_pass(const struct transfer *transfer, long status);

/*
 * Runs the prepared transfer with this URL. Returns 0 and sets `*status` to the HTTP status of the answer; or fails the
 * task. If the host is paused or given up, fails it without a transfer. If the transfer was held up and failed in a way
 * that may come from that, it is put off: a short hold-up is no reason for a failure.
 */
int transfer_run(struct transfer *transfer, weir_task *task, struct photo *photo, const char *url, long *status);

#endif /* IMAGE_PIPELINE_TRANSFER_H */
