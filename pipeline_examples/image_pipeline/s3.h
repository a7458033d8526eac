/*
 * s3.h - a bucket of an S3 store as destination.
 *
 * Its objects have HTTP URLs, and each request is signed by libcurl (AWS Signature Version 4), body included.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef IMAGE_PIPELINE_S3_H
#define IMAGE_PIPELINE_S3_H

#include <curl/curl.h>
#include <stdbool.h>
#include <stddef.h>

#include "aws.h"

/* Constant while the run lasts. */
struct s3 {
    char *url;    /* where the objects go, with the prefix; NULL: the destination is no bucket */
    char *scheme; /* of the signature, for libcurl */
    struct aws_credentials credentials;
};

/* Returns whether `to` begins with s3://. */
bool s3_is_url(const char *to);

/*
 * Interprets s3://BUCKET/PREFIX. `endpoint` is the URL of the store, which has the bucket in the path; NULL selects
 * Amazon's, which has it in the host's name. A NULL region is taken from the environment. Returns 0, or the exit status
 * after printing a message. s3_close must be called in either case.
 */
int s3_open(struct s3 *s3, const char *to, const char *endpoint, const char *region);
void s3_close(struct s3 *s3);

/* Makes the handle sign its requests to the bucket. Returns false if libcurl refuses. */
bool s3_sign(const struct s3 *s3, CURL *curl);

/*
 * Appends the headers for a signed request with this body. Without a bucket does nothing. If memory is exhausted, frees
 * the list and returns NULL.
 */
struct curl_slist *s3_append_headers(const struct s3 *s3, struct curl_slist *headers, const void *body, size_t size);

#endif /* IMAGE_PIPELINE_S3_H */
