/*
 * upload.c - the last stage: puts a thumbnail under its name at the destination.
 *
 * An aborted upload may still have arrived: only the answer tells. The store inside this program answers at once, so
 * its uploads are never aborted, and the summary agrees with the folder. A server elsewhere may never answer, so the
 * thumbnail of an abandoned photo may appear there; whether it is complete depends on that server.
 *
 * A thumbnail is put on the condition that its name is free (RFC 9110, 13.1.2: If-None-Match), which costs no extra
 * request. If the server refuses, a second request checks what has the name. The thumbnail of the same picture is
 * replaced. If the name belongs to another picture, this one gets its long name, on the same condition. A server that
 * does not support conditions is asked before each put. A server that ignores the condition replaces any file.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "outcome.h"
#include "reason.h"
#include "retries.h"
#include "stages.h"
#include "target.h"
#include "terminal.h"
#include "transfer.h"
#include "url.h"

enum { STATUS_NO_CONTENT = 204, STATUS_CONDITION_FAILED = 412, STATUS_NOT_IMPLEMENTED = 501 };

struct uploader {
    struct transfer transfer;
    struct target target;
    bool is_kept;          /* the current name had a file, which stays */
    bool is_unconditional; /* the server does not support conditions */
    struct work *work;
    struct photo *photo;        /* the current one */
    size_t sent;                /* bytes of its thumbnail that libcurl has read */
    char answer[REASON_WITHIN]; /* start of the body of the answer, where servers give their reason */
    size_t answer_size;
};

static size_t give_bytes(char *buffer, size_t one, size_t size, void *argument) {
    (void)one; /* always 1, so `size` counts bytes */
    struct uploader *uploader = argument;
    const struct thumbnail *thumbnail = photo_thumbnail(uploader->photo);
    size_t left = thumbnail->size - uploader->sent;
    size_t count = left < size ? left : size;
    memcpy(buffer, (const char *)thumbnail->bytes + uploader->sent, count);
    uploader->sent += count;
    return count;
}

/* Rewinds: libcurl restarts when a connection that was kept open turns out to be closed. */
static int rewind_bytes(void *argument, curl_off_t offset, int origin) {
    struct uploader *uploader = argument;
    if (origin != SEEK_SET || offset < 0 || (uint64_t)offset > photo_thumbnail(uploader->photo)->size)
        return CURL_SEEKFUNC_CANTSEEK;
    uploader->sent = (size_t)offset;
    return CURL_SEEKFUNC_OK;
}

static size_t take_answer(char *bytes, size_t one, size_t size, void *argument) {
    (void)one;
    struct uploader *uploader = argument;
    size_t room = sizeof uploader->answer - uploader->answer_size;
    size_t count = size < room ? size : room;
    memcpy(uploader->answer + uploader->answer_size, bytes, count);
    uploader->answer_size += count;
    return size;
}

/* Takes ownership of the list. If memory is exhausted, frees it and returns NULL. */
static struct curl_slist *append(struct curl_slist *list, const char *header) {
    struct curl_slist *longer = curl_slist_append(list, header);
    if (longer == NULL)
        curl_slist_free_all(list);
    return longer;
}

/*
 * Returns the headers of a put, with the condition that the name is free if `is_conditional`. Without a value, Expect
 * is not sent: waiting for "100 Continue" costs a round trip for each thumbnail. Returns NULL if memory is exhausted.
 */
static struct curl_slist *make_headers(const struct uploader *uploader, bool is_conditional) {
    const struct work *work = uploader->work;
    const struct thumbnail *thumbnail = photo_thumbnail(uploader->photo);
    char type[64];
    snprintf(type, sizeof type, "Content-Type: %s", format_media_type(work->options->recipe.format));
    struct curl_slist *headers = append(NULL, type);
    if (headers != NULL && work->ends.s3.url == NULL)
        headers = append(headers, "Expect:");
    if (headers != NULL && is_conditional)
        headers = append(headers, "If-None-Match: *");
    return headers == NULL ? NULL : s3_append_headers(&work->ends.s3, headers, thumbnail->bytes, thumbnail->size);
}

static bool set_up(struct uploader *uploader) {
    CURL *curl = uploader->transfer.curl;
    bool ok = ends_authorize(&uploader->work->ends, curl);
    ok = ok && curl_easy_setopt(curl, CURLOPT_UPLOAD, 1L) == CURLE_OK;
    ok = ok && curl_easy_setopt(curl, CURLOPT_READFUNCTION, give_bytes) == CURLE_OK;
    ok = ok && curl_easy_setopt(curl, CURLOPT_READDATA, uploader) == CURLE_OK;
    ok = ok && curl_easy_setopt(curl, CURLOPT_SEEKFUNCTION, rewind_bytes) == CURLE_OK;
    ok = ok && curl_easy_setopt(curl, CURLOPT_SEEKDATA, uploader) == CURLE_OK;
    ok = ok && curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_answer) == CURLE_OK;
    if (uploader->work->ends.store != NULL)
        ok = ok && curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 1L) == CURLE_OK; /* no abort check */
    return ok && curl_easy_setopt(curl, CURLOPT_WRITEDATA, uploader) == CURLE_OK;
}

weir_status upload_init(void *work, void **state) {
    struct uploader *uploader = calloc(1, sizeof *uploader);
    if (uploader == NULL)
        return WEIR_NOMEM;
    uploader->work = work;
    if (!transfer_open(&uploader->transfer, work, uploader->work->ends.store != NULL)) {
        free(uploader);
        return WEIR_INITFAILED;
    }
    uploader->transfer.is_bucket = uploader->work->ends.s3.url != NULL;
    if (!set_up(uploader) || !target_open(&uploader->target, work)) {
        upload_fini(uploader);
        return WEIR_INITFAILED;
    }
    *state = uploader;
    return WEIR_OK;
}

void upload_fini(void *state) {
    struct uploader *uploader = state;
    transfer_close(&uploader->transfer);
    target_close(&uploader->target);
    free(uploader);
}

/* Sends the thumbnail. Returns 0 and sets `*status` to the status of the answer; or fails the task. */
static int put(struct uploader *uploader, weir_task *task, bool is_conditional, long *status) {
    CURL *curl = uploader->transfer.curl;
    struct photo *photo = uploader->photo;
    struct curl_slist *headers = make_headers(uploader, is_conditional);
    char *url = url_join(uploader->work->ends.to_url, photo->name);
    if (headers == NULL || url == NULL ||
        curl_easy_setopt(curl, CURLOPT_INFILESIZE_LARGE, (curl_off_t)photo_thumbnail(photo)->size) != CURLE_OK ||
        curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers) != CURLE_OK) {
        curl_slist_free_all(headers);
        free(url);
        return weir_task_fail(task, FAILED, "out of memory");
    }
    uploader->sent = 0;
    uploader->answer_size = 0;
    int code = transfer_run(&uploader->transfer, task, photo, url, status);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, NULL);
    curl_slist_free_all(headers);
    free(url);
    return code;
}

/* Does the same if the name is free. Sets `*is_open` if the answer does not tell whether the name is free. */
static int put_if_new(struct uploader *uploader, weir_task *task, long *status, bool *is_open) {
    if (!uploader->is_unconditional) {
        int code = put(uploader, task, true, status);
        *is_open = code == 0 && (*status == STATUS_CONDITION_FAILED || *status == STATUS_NOT_IMPLEMENTED);
        uploader->is_unconditional = code == 0 && *status == STATUS_NOT_IMPLEMENTED;
        return code;
    }
    *is_open = true;
    return 0;
}

/*
 * Returns whether an existing file counts as the thumbnail: any with --no-clobber; with a journal that of the same
 * picture, from a run that was killed before it could note that the upload was done.
 */
static bool stays(const struct work *work, enum target_state state) {
    if (work->options->no_clobber)
        return state == TARGET_SAME || state == TARGET_OTHER || state == TARGET_FOREIGN;
    return state == TARGET_SAME && work->journal.path != NULL;
}

/* Puts the thumbnail, under its short or long name, if the name is free or has a thumbnail of the same picture. */
static int put_carefully(struct uploader *uploader, weir_task *task, long *status) {
    enum target_state state;
    bool is_open;
    do {
        int code = put_if_new(uploader, task, status, &is_open);
        if (code == 0 && is_open)
            code = target_look(&uploader->target, task, uploader->work, uploader->photo, &state);
        if (code != 0 || !is_open)
            return code;
    } while (state == TARGET_OTHER && photo_take_long_name(uploader->photo));
    if (stays(uploader->work, state)) {
        *status = STATUS_NO_CONTENT;
        uploader->is_kept = true;
        return 0;
    }
    bool is_free = state == TARGET_SAME || (state == TARGET_NOTHING && uploader->is_unconditional);
    return is_free ? put(uploader, task, false, status) : target_refuse(task, state, uploader->photo);
}

/* Returns why the server accepts no request, an upload or a look at what is there; NULL if it may. */
static const char *barred(const struct uploader *uploader) {
    const char *reason = uploader->transfer.barred;
    return reason != NULL ? reason : uploader->target.transfer.barred;
}

/* Uploads the current thumbnail. */
static int upload(struct uploader *uploader, weir_task *task) {
    long status;
    uploader->is_kept = false;
    uploader->transfer.barred = uploader->target.transfer.barred = NULL;
    int code = uploader->work->options->overwrite ? put(uploader, task, false, &status)
                                                  : put_carefully(uploader, task, &status);
    if (code == FAILED && barred(uploader) != NULL)
        refusals_note_bar(&uploader->work->refusals, barred(uploader));
    if (code != 0)
        return code;
    bool is_done = status == 200 || status == 201 || status == 202 || status == 204;
    char reason[REASON_SIZE] = "";
    if (!is_done)
        reason_read(reason, uploader->transfer.curl, uploader->answer, uploader->answer_size);
    refusals_note(&uploader->work->refusals, status, reason, uploader->transfer.is_embedded);
    return is_done ? 0 : transfer_fail(&uploader->transfer, "", status, reason);
}

/* Counts and reports the current thumbnail. Returns its line. */
static struct report_line note_thumbnail(const struct uploader *uploader) {
    struct work *work = uploader->work;
    bool is_skipped = uploader->is_kept && work->options->no_clobber;
    if (!uploader->is_kept)
        atomic_fetch_add(&work->bytes_out, photo_thumbnail(uploader->photo)->size);
    const struct report_line line = {is_skipped ? "skipped" : "done", "upload", ""};
    report_add(&work->report, uploader->photo, &line);
    return line;
}

/* Uploads the thumbnails that are left, each with a line in the report. */
static int upload_all(struct uploader *uploader, weir_task *task) {
    struct photo *photo = uploader->photo;
    const struct recipe *recipe = &uploader->work->options->recipe;
    for (;;) {
        int code = upload(uploader, task);
        if (code != 0)
            return code;
        if (photo->size + 1 == recipe->size_count)
            return 0;
        (void)note_thumbnail(uploader);
        if (!photo_select(photo, recipe->sizes, recipe->size_count, photo->size + 1))
            return weir_task_fail(task, FAILED, "out of memory");
    }
}

/* Prints and counts the notes on how the thumbnail of a done picture was made. */
static void tell_notes(struct work *work, const struct photo *photo) {
    char label[PHOTO_LABEL_SIZE];
    if (photo->notes == 0 && photo->damage == NULL)
        return;
    photo_show(label, sizeof label, photo);
    if ((photo->notes & PHOTO_PROFILE_IGNORED) != 0) {
        atomic_fetch_add(&work->profiles_ignored, 1);
        terminal_say("%s: note: its colour profile does not fit the picture and is ignored", label);
    }
    if (photo->damage != NULL) {
        atomic_fetch_add(&work->damaged_kept, 1);
        terminal_say("%s: note: damaged, and its thumbnail was made anyway: %s", label, photo->damage);
    }
}

/* Notes in the journal that the picture is done. */
static int note_done(struct work *work, weir_task *task, const struct photo *photo) {
    char mark[MARK_SIZE];
    source_mark(mark, &work->ends.source, photo);
    if (journal_add(&work->journal, mark))
        return 0;
    int error = errno;
    refusals_note_journal(&work->refusals, error);
    return weir_task_fail(task, FAILED, "uploaded, but cannot be noted in the journal: %s", strerror(error));
}

int upload_photo(weir_task *task, void *item, void *state) {
    struct uploader *uploader = state;
    struct photo *photo = item;
    uploader->photo = photo;
    int code = upload_all(uploader, task);
    if (code == 0)
        code = note_done(uploader->work, task, photo);
    if (code == GONE_HOST)
        refusals_end_run(&uploader->work->refusals);
    if (code != 0)
        return retries_end(task, uploader->work, photo, code);
    tell_notes(uploader->work, photo);
    const struct report_line line = note_thumbnail(uploader);
    outcome_tell(photo, &line);
    photo_drop(photo, NULL);
    return 0;
}
