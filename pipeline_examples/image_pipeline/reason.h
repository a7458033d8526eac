/*
 * reason.h - the reason that a server gives for a failure.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_REASON_H
#define IMAGE_PIPELINE_REASON_H

#include <curl/curl.h>
#include <stddef.h>

enum { REASON_SIZE = 256, REASON_WITHIN = 1024 /* bytes at the start of a body that are searched */ };

/*
 * Writes the reason for the answer that `curl` has received: the first line of a plain text, the code and message of
 * the XML of an S3 store, or where a redirect leads. Writes "" if the answer has none of them.
 */
void reason_read(char reason[REASON_SIZE], CURL *curl, const char *body, size_t size);

#endif /* IMAGE_PIPELINE_REASON_H */
