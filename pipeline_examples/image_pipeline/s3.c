/*
 * s3.c - the URL of a bucket, and signed requests.
 *
 * libcurl signs the headers that the program adds, but until 8.3 also one that is removed by an empty value, such as
 * "Expect:". So requests to a bucket keep Expect, and do not wait for the answer to it.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L

#include "s3.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "digest.h"
#include "terminal.h"
#include "url.h"

enum {
    USAGE_ERROR = 2,
    FIRST_LIBCURL = 0x075800, /* 7.88: older ones do not sign all headers */
    MAX_BUCKET = 255,
    MAX_REGION = 40,
    SHA256_DIGITS = 64
};

static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

bool s3_is_url(const char *to) {
    return strncmp(to, "s3://", 5) == 0;
}

/* Returns the length of the bucket's name; 0 if it is none. */
static size_t bucket_length(const char *bucket) {
    size_t length = strcspn(bucket, "/");
    for (size_t i = 0; i < length; i++) {
        bool is_inner = i > 0 && i < length - 1;
        if (strchr(letters, bucket[i]) == NULL && !(is_inner && strchr("-._", bucket[i]) != NULL))
            return 0;
    }
    return length <= MAX_BUCKET ? length : 0;
}

static bool is_region(const char *region) {
    size_t length = strlen(region);
    return length > 0 && length <= MAX_REGION && strspn(region, "abcdefghijklmnopqrstuvwxyz0123456789-") == length;
}

/* Returns the URL of the bucket: in the path, or in the host's name if that fits Amazon's certificate. */
static char *bucket_url(const char *bucket, size_t length, const char *endpoint, const char *region) {
    bool is_host = endpoint == NULL && memchr(bucket, '.', length) == NULL;
    char *url = NULL;
    size_t size = 0;
    FILE *stream = open_memstream(&url, &size);
    if (stream == NULL)
        return NULL;
    if (is_host)
        fprintf(stream, "https://%.*s.s3.%s.amazonaws.com", (int)length, bucket, region);
    else if (endpoint == NULL)
        fprintf(stream, "https://s3.%s.amazonaws.com/%.*s", region, (int)length, bucket);
    else
        fprintf(stream, "%s%s%.*s", endpoint, endpoint[strlen(endpoint) - 1] == '/' ? "" : "/", (int)length, bucket);
    return fclose(stream) == 0 ? url : NULL;
}

/* Appends the prefix, percent-encoded, and frees `url`. */
static char *append_prefix(char *url, const char *prefix) {
    prefix += *prefix == '/';
    char *encoded = url == NULL ? NULL : url_encode_path(prefix), *whole = NULL;
    size_t size = encoded == NULL ? 0 : strlen(url) + 1 + strlen(encoded) + 1;
    if (encoded != NULL && (whole = malloc(size)) != NULL)
        snprintf(whole, size, "%s/%s", url, encoded);
    free(encoded);
    free(url);
    return whole;
}

/* The message is without the URL, which may contain a password. */
static int refuse_endpoint(void) {
    terminal_say("--s3-endpoint: the URL must be an http or https one without user, query and fragment");
    return USAGE_ERROR;
}

static int refuse(const char *option, const char *text, const char *why) {
    terminal_say("%s: '%s' %s", option, text, why);
    return USAGE_ERROR;
}

/* Checks that libcurl can sign. */
static bool can_sign(void) {
    const curl_version_info_data *info = curl_version_info(CURLVERSION_NOW);
    if (info->version_num < FIRST_LIBCURL)
        terminal_say("libcurl %s cannot sign requests to S3; 7.88 or a later one can", info->version);
    return info->version_num >= FIRST_LIBCURL;
}

int s3_open(struct s3 *s3, const char *to, const char *endpoint, const char *region) {
    char scheme[MAX_REGION + sizeof "aws:amz::s3"];
    const char *bucket = to + strlen("s3://");
    size_t length = bucket_length(bucket);
    *s3 = (struct s3){.url = NULL};
    region = region == NULL ? aws_region() : region;
    if (length == 0)
        return refuse("--to", to, "is not s3://BUCKET/PREFIX");
    if (endpoint != NULL && (!url_is_http(endpoint) || strpbrk(endpoint, "?#@") != NULL))
        return refuse_endpoint();
    if (!is_region(region))
        return refuse("--s3-region", region, "is not a region, such as eu-central-1");
    if (!can_sign() || !aws_find_credentials(&s3->credentials))
        return EXIT_FAILURE;
    snprintf(scheme, sizeof scheme, "aws:amz:%s:s3", region);
    s3->scheme = strdup(scheme);
    s3->url = append_prefix(bucket_url(bucket, length, endpoint, region), bucket + length);
    if (s3->scheme != NULL && s3->url != NULL)
        return EXIT_SUCCESS;
    terminal_say("out of memory");
    return EXIT_FAILURE;
}

void s3_close(struct s3 *s3) {
    free(s3->url);
    free(s3->scheme);
    aws_forget(&s3->credentials);
    *s3 = (struct s3){.url = NULL};
}

bool s3_sign(const struct s3 *s3, CURL *curl) {
    bool ok = false;
#if LIBCURL_VERSION_NUM >= 0x074b00
    ok = curl_easy_setopt(curl, CURLOPT_AWS_SIGV4, s3->scheme) == CURLE_OK;
#endif
    ok = ok && curl_easy_setopt(curl, CURLOPT_USERNAME, s3->credentials.key) == CURLE_OK;
    ok = ok && curl_easy_setopt(curl, CURLOPT_PASSWORD, s3->credentials.secret) == CURLE_OK;
    ok = ok && curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L) == CURLE_OK; /* a key may contain ".." */
    return ok && curl_easy_setopt(curl, CURLOPT_EXPECT_100_TIMEOUT_MS, 1L) == CURLE_OK;
}

static struct curl_slist *append(struct curl_slist *headers, const char *name, const char *value) {
    size_t size = strlen(name) + strlen(value) + 1;
    char *header = malloc(size);
    struct curl_slist *longer = NULL;
    if (header != NULL) {
        snprintf(header, size, "%s%s", name, value);
        longer = curl_slist_append(headers, header);
    }
    if (longer == NULL)
        curl_slist_free_all(headers);
    free(header);
    return longer;
}

struct curl_slist *s3_append_headers(const struct s3 *s3, struct curl_slist *headers, const void *body, size_t size) {
    char digest[SHA256_DIGITS + 1];
    if (s3->url == NULL)
        return headers;
    digest_write(digest, SHA256_DIGITS, body, size, "", 0);
    headers = append(headers, "x-amz-content-sha256: ", digest);
    if (headers != NULL && s3->credentials.token != NULL)
        headers = append(headers, "x-amz-security-token: ", s3->credentials.token);
    return headers;
}
