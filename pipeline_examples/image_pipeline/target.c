/*
 * target.c - requests the start of an existing file, which contains the mark.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "target.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "escape.h"
#include "url.h"

enum { STATUS_OK = 200, STATUS_PARTIAL = 206, STATUS_NOT_FOUND = 404, STATUS_GONE = 410, SHORT_NAME = 160 };

/* Returns less than `size`, which ends the transfer, if the server sends more than was requested. */
static size_t take_bytes(char *bytes, size_t one, size_t size, void *argument) {
    (void)one;
    struct target *target = argument;
    size_t room = sizeof target->start - target->size;
    size_t count = size < room ? size : room;
    memcpy(target->start + target->size, bytes, count);
    target->size += count;
    return count;
}

bool target_open(struct target *target, struct work *work) {
    if (!transfer_open(&target->transfer, work, work->ends.store != NULL))
        return false;
    char range[32];
    CURL *curl = target->transfer.curl;
    snprintf(range, sizeof range, "0-%d", MARK_WITHIN - 1);
    target->headers = s3_append_headers(&work->ends.s3, NULL, "", 0);
    bool ok = ends_authorize(&work->ends, curl) && (work->ends.s3.url == NULL || target->headers != NULL);
    ok = ok && curl_easy_setopt(curl, CURLOPT_HTTPHEADER, target->headers) == CURLE_OK;
    ok = ok && curl_easy_setopt(curl, CURLOPT_RANGE, range) == CURLE_OK;
    ok = ok && curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_bytes) == CURLE_OK;
    ok = ok && curl_easy_setopt(curl, CURLOPT_WRITEDATA, target) == CURLE_OK;
    if (!ok)
        target_close(target);
    return ok;
}

void target_close(struct target *target) {
    transfer_close(&target->transfer);
    curl_slist_free_all(target->headers);
    target->headers = NULL;
}

/*
 * Requests the start of the file. Returns 0 and sets `*status` to the HTTP status of the answer, of which all bytes
 * needed have arrived; or to 0 after a permanent error. Fails the task at a transient
 * error, or if the host is paused or given up.
 */
static int fetch_start(struct target *target, weir_task *task, struct photo *photo, const char *url, long *status) {
    target->size = 0;
    int code = transfer_run(&target->transfer, task, photo, url, status);
    if (code != 0 && target->size == sizeof target->start) {
        curl_easy_getinfo(target->transfer.curl, CURLINFO_RESPONSE_CODE, status);
        return 0;
    }
    if (code == 0 && transfer_may_pass(&target->transfer, *status))
        return transfer_fail(&target->transfer, "cannot check for an existing thumbnail: ", *status, "");
    if (code != 0)
        *status = 0;
    return code == FAILED ? 0 : code;
}

static enum target_state state_of(const struct target *target, long status, const char *mine) {
    char theirs[MARK_SIZE];
    if (status == STATUS_NOT_FOUND || status == STATUS_GONE)
        return TARGET_NOTHING;
    if (status != STATUS_OK && status != STATUS_PARTIAL)
        return TARGET_UNKNOWN;
    if (!mark_get(theirs, target->start, target->size))
        return TARGET_FOREIGN;
    return strcmp(mine, theirs) == 0 ? TARGET_SAME : TARGET_OTHER;
}

int target_look(struct target *target, weir_task *task, const struct work *work, struct photo *photo,
                enum target_state *state) {
    long status;
    char mine[MARK_SIZE], *url = url_join(work->ends.to_url, photo->name);
    if (url == NULL)
        return weir_task_fail(task, FAILED, "out of memory");
    int code = fetch_start(target, task, photo, url, &status);
    free(url);
    if (code != 0)
        return code;
    source_mark(mine, &work->ends.source, photo);
    *state = state_of(target, status, mine);
    return 0;
}

int target_refuse(weir_task *task, enum target_state state, const struct photo *photo) {
    const char *what = state == TARGET_OTHER     ? "exists, and is the thumbnail of another picture"
                       : state == TARGET_FOREIGN ? "exists, and was not made by weir-thumbs"
                                                 : "may exist, and cannot be checked";
    char name[SHORT_NAME];
    escape_shorten(name, sizeof name, photo->name);
    return weir_task_fail(task, FAILED, "%s %s; --overwrite replaces it", name, what);
}
