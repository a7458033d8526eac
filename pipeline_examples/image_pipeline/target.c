/*
 * target.c - asks for the start of what is there, in which the mark is.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "target.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "url.h"

enum { STATUS_OK = 200, STATUS_PARTIAL = 206 };

/* A server that gives more than was asked for is not listened to any longer. */
static size_t take_bytes(char *bytes, size_t one, size_t size, void *argument) {
    (void)one;
    struct target *target = argument;
    size_t room = sizeof target->start - target->size;
    size_t count = size < room ? size : room;
    memcpy(target->start + target->size, bytes, count);
    target->size += count;
    return count;
}

bool target_open(struct target *target, const struct work *work) {
    if (!transfer_open(&target->transfer, work->options->timeout, work->ends.store != NULL))
        return false;
    char range[32];
    CURL *curl = target->transfer.curl;
    snprintf(range, sizeof range, "0-%d", MARK_WITHIN - 1);
    bool ok = curl_easy_setopt(curl, CURLOPT_RANGE, range) == CURLE_OK;
    ok = ok && curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_bytes) == CURLE_OK;
    ok = ok && curl_easy_setopt(curl, CURLOPT_WRITEDATA, target) == CURLE_OK;
    if (!ok)
        target_close(target);
    return ok;
}

void target_close(struct target *target) {
    transfer_close(&target->transfer);
}

/* Whether the start of something has come. */
static bool fetch_start(struct target *target, weir_task *task, const char *url) {
    long status = 0;
    target->size = 0;
    if (curl_easy_setopt(target->transfer.curl, CURLOPT_URL, url) != CURLE_OK)
        return false;
    int code = transfer_run(&target->transfer, task, &status);
    curl_easy_getinfo(target->transfer.curl, CURLINFO_RESPONSE_CODE, &status);
    return (status == STATUS_OK || status == STATUS_PARTIAL) && (code == 0 || target->size == sizeof target->start);
}

enum target_state target_look(struct target *target, weir_task *task, const struct work *work,
                              const struct photo *photo) {
    char mine[MARK_SIZE], theirs[MARK_SIZE];
    char *url = url_join(work->ends.to_url, photo->name);
    bool is_there = url != NULL && fetch_start(target, task, url);
    free(url);
    if (!is_there)
        return TARGET_UNKNOWN;
    if (!mark_get(theirs, target->start, target->size))
        return TARGET_FOREIGN;
    source_mark(mine, &work->ends.source, photo);
    return strcmp(mine, theirs) == 0 ? TARGET_SAME : TARGET_OTHER;
}

int target_refuse(weir_task *task, enum target_state state, const struct photo *photo) {
    const char *what = state == TARGET_OTHER     ? "is the thumbnail of another picture"
                       : state == TARGET_FOREIGN ? "was not made by weir-thumbs"
                                                 : "cannot be looked at";
    return weir_task_fail(task, FAILED, "%s is there, and %s; --overwrite replaces it", photo->name, what);
}
