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

#include "photo.h"

struct transfer {
    CURL *curl;
    char error[CURL_ERROR_SIZE];
};

/* `transfer` must stay where it is until it is closed. False: out of memory, or a libcurl that lacks something. */
bool transfer_open(struct transfer *transfer, long timeout, bool is_embedded);

void transfer_close(struct transfer *transfer);

/*
 * Runs what was set up. Returns the HTTP status of the answer, or 0: there is none, and the photo was marked as failed,
 * or the run is being aborted, and nobody will ask for the photo any more.
 */
long transfer_run(struct transfer *transfer, struct photo *photo, enum stage stage);

#endif /* IMAGE_PIPELINE_TRANSFER_H */
