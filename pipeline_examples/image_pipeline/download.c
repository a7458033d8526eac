/*
 * download.c - the first stage: fetches a picture into memory.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <string.h>

#include "outcome.h"
#include "queue.h"
#include "reason.h"
#include "retries.h"
#include "stages.h"
#include "target.h"
#include "transfer.h"

enum {
    FIRST_ROOM = 64 * 1024,
    MAX_REDIRECTS = 5,
    STATUS_OK = 200,
    STATUS_TRANSFORMED = 203 /* by a proxy */
};

struct downloader {
    struct transfer transfer;
    struct curl_slist *headers;
    struct target target; /* open if existing thumbnails are skipped */
    struct work *work;
    struct photo *photo; /* the current one */
    size_t allocated;    /* bytes of photo->image */
};

/* Returns the length that the server has announced; 0 if none. */
static uint64_t announced_length(const struct downloader *downloader) {
    curl_off_t announced = -1;
    curl_easy_getinfo(downloader->transfer.curl, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &announced);
    return announced > 0 ? (uint64_t)announced : 0;
}

/* Returns how much memory to allocate for `needed` bytes: all at once if the server announces the length. */
static size_t room_for(const struct downloader *downloader, size_t needed) {
    size_t allocated = downloader->allocated, max = downloader->work->options->max_bytes;
    size_t room = allocated == 0 ? FIRST_ROOM : allocated * 2;
    uint64_t announced = announced_length(downloader);
    if (allocated == 0 && announced > 0)
        room = (size_t)announced;
    room = room < max ? room : max;
    return room > needed ? room : needed;
}

/*
 * Takes memory for an image of `room` bytes. Waits for it for as long as the server may be silent; then the download is
 * put off, and takes all the memory before it begins anew. Returns 0, or the code of a failure.
 */
static int reserve(struct downloader *downloader, size_t room) {
    struct photo *photo = downloader->photo;
    weir_task *task = downloader->transfer.task;
    if (room <= photo->held)
        return 0;
    weir_deadline deadline = weir_deadline_after((uint64_t)downloader->work->options->stall * WEIR_SECOND);
    bool has_waited = false;
    weir_deadline from = weir_deadline_after(0);
    enum room_answer answer =
        room_grow(&downloader->work->room, task, photo, room - photo->held, deadline, &has_waited);
    if (has_waited) {
        downloader->transfer.held_up += weir_deadline_after(0) - from;
        photo->expected = room;
    }
    if (answer == ROOM_TAKEN)
        return 0;
    return answer == ROOM_LATE ? weir_task_fail(task, PUT_OFF, "waits for memory")
                               : weir_task_fail(task, FAILED, "cancelled");
}

/* Makes the image hold `needed` bytes. Returns 0, or the code of a failure. */
static int make_room(struct downloader *downloader, size_t needed) {
    struct photo *photo = downloader->photo;
    if (needed <= downloader->allocated)
        return 0;
    size_t room = room_for(downloader, needed);
    int code = reserve(downloader, room);
    if (code != 0)
        return code;
    unsigned char *image = realloc(photo->image, room);
    if (image == NULL)
        return weir_task_fail(downloader->transfer.task, FAILED, "out of memory");
    photo->image = image;
    downloader->allocated = room;
    return 0;
}

/* Called by libcurl with received bytes. Any return value but `size` ends the transfer. */
static size_t take_bytes(char *bytes, size_t one, size_t size, void *argument) {
    (void)one; /* always 1 */
    struct downloader *downloader = argument;
    struct photo *photo = downloader->photo;
    size_t max = downloader->work->options->max_bytes;

    struct transfer *transfer = &downloader->transfer;
    if (size > max - photo->image_size || announced_length(downloader) > max) {
        transfer->failure = weir_task_fail(transfer->task, FAILED, "larger than %zu bytes", max);
        return 0;
    }
    transfer->failure = make_room(downloader, photo->image_size + size);
    if (transfer->failure != 0)
        return 0;
    memcpy(photo->image + photo->image_size, bytes, size);
    photo->image_size += size;
    return size;
}

/* Appends a header. Returns false if memory is exhausted. */
static bool add_header(struct downloader *downloader, const char *header) {
    struct curl_slist *longer = curl_slist_append(downloader->headers, header);
    if (longer != NULL)
        downloader->headers = longer;
    return longer != NULL;
}

/*
 * Some servers compress pictures although the request does not allow that. libcurl decodes only if it has a list, and
 * sends the header instead of the list.
 */
static bool set_headers(struct downloader *downloader) {
    CURL *curl = downloader->transfer.curl;
    const struct options *options = downloader->work->options;
    bool ok = add_header(downloader, "Accept-Encoding: identity");
    for (size_t i = 0; i < options->header_count && downloader->work->ends.origin == NULL; i++)
        ok = ok && add_header(downloader, options->headers[i]);
    return ok && curl_easy_setopt(curl, CURLOPT_ACCEPT_ENCODING, "") == CURLE_OK &&
           curl_easy_setopt(curl, CURLOPT_HTTPHEADER, downloader->headers) == CURLE_OK;
}

static bool set_up(struct downloader *downloader) {
    CURL *curl = downloader->transfer.curl;
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_bytes);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, downloader);
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
    curl_easy_setopt(curl, CURLOPT_MAXREDIRS, (long)MAX_REDIRECTS);
    bool ok = !downloader->work->options->is_public_only || downloader->work->ends.origin != NULL ||
              transfer_stay_public(&downloader->transfer);
    return ok && set_headers(downloader);
}

weir_status download_init(void *work, void **state) {
    struct downloader *downloader = calloc(1, sizeof *downloader);
    if (downloader == NULL)
        return WEIR_NOMEM;
    downloader->work = work;
    if (!transfer_open(&downloader->transfer, work, downloader->work->ends.origin != NULL)) {
        free(downloader);
        return WEIR_INITFAILED;
    }
    if (downloader->work->options->skip_existing && !target_open(&downloader->target, work)) {
        download_fini(downloader);
        return WEIR_INITFAILED;
    }
    if (!set_up(downloader)) {
        download_fini(downloader);
        return WEIR_INITFAILED;
    }
    *state = downloader;
    return WEIR_OK;
}

void download_fini(void *state) {
    struct downloader *downloader = state;
    transfer_close(&downloader->transfer);
    target_close(&downloader->target);
    curl_slist_free_all(downloader->headers);
    free(downloader);
}

/* Waits until the pictures and thumbnails in memory leave room for a further one. */
static int download(struct downloader *downloader, weir_task *task) {
    long status;
    struct photo *photo = downloader->photo;
    if (!room_begin(&downloader->work->room, task, photo, photo->expected))
        return weir_task_fail(task, FAILED, "cancelled");
    int code = transfer_run(&downloader->transfer, task, photo, photo->url, &status);
    if (code != 0)
        return code;
    if (status == STATUS_OK || status == STATUS_TRANSFORMED)
        return photo->image_size > 0 ? 0 : weir_task_fail(task, FAILED, "empty");
    char reason[REASON_SIZE];
    reason_read(reason, downloader->transfer.curl, (const char *)photo->image, photo->image_size);
    return transfer_fail(&downloader->transfer, "", status, reason);
}

/* Fails the task if the photo cannot be downloaded, or if its thumbnail has the name of another picture's. */
static int check_photo(weir_task *task, const struct photo *photo) {
    char reason[REASON_SIZE];
    return photo_explain(reason, sizeof reason, photo) ? weir_task_fail(task, FAILED, "%s", reason) : 0;
}

/* Sets `*is_there` if the current thumbnail exists under its short or its long name. */
static int look_for_thumbnail(struct downloader *downloader, weir_task *task, bool *is_there) {
    enum target_state state;
    do {
        int code = target_look(&downloader->target, task, downloader->work, downloader->photo, &state);
        if (code == GONE_HOST) /* no thumbnail can be uploaded any more */
            refusals_end_run(&downloader->work->refusals);
        if (code != 0)
            return code;
    } while (state == TARGET_OTHER && photo_take_long_name(downloader->photo));
    bool is_taken = state == TARGET_SAME || state == TARGET_OTHER || state == TARGET_FOREIGN;
    *is_there = state == TARGET_SAME || (is_taken && downloader->work->options->no_clobber);
    downloader->photo->is_checked = !*is_there;
    if (*is_there)
        return 0;
    bool is_in_the_way = state == TARGET_OTHER || state == TARGET_FOREIGN;
    return is_in_the_way ? target_refuse(task, state, downloader->photo) : 0;
}

/*
 * Sets `*is_there` if the picture is done: the journal has it, or existing thumbnails are skipped and those of all sizes
 * exist. Fails the task if something else has a name.
 */
static int look_for_thumbnails(struct downloader *downloader, weir_task *task, bool *is_there) {
    const struct work *work = downloader->work;
    const struct recipe *recipe = &work->options->recipe;
    struct photo *photo = downloader->photo;
    char mark[MARK_SIZE];
    source_mark(mark, &work->ends.source, photo);
    *is_there = journal_has(&work->journal, mark);
    if (*is_there || !work->options->skip_existing || photo->is_checked)
        return 0;
    int code = 0;
    *is_there = true;
    for (size_t i = 0; i < recipe->size_count && code == 0 && *is_there; i++) {
        bool is_named = recipe->size_count == 1 || photo_select(photo, recipe->sizes, recipe->size_count, i);
        code =
            is_named ? look_for_thumbnail(downloader, task, is_there) : weir_task_fail(task, FAILED, "out of memory");
    }
    *is_there = *is_there && code == 0;
    photo->size = 0;
    photo->size_text = NULL; /* the name is selected anew */
    return code;
}

/* Reports a picture that is done already. */
static void skip(struct work *work, struct photo *photo) {
    atomic_fetch_add(&work->skipped, 1);
    const struct report_line line = {"skipped", "download", ""};
    report_add_rest(&work->report, photo, &work->options->recipe, &line);
    outcome_tell(photo, &line);
    photo_drop(photo, NULL);
}

/*
 * If the photo's host is paused, puts the photo to the end of its queue: else the few that this program may take would
 * soon be those of that host. The failures of the host are left out, since each program must see some of them. Only
 * this program knows a host behind a redirect. Returns false if the photo stays here and waits.
 */
static bool put_again(struct downloader *downloader, weir_task *task) {
    struct work *work = downloader->work;
    struct photo *photo = downloader->photo;
    bool is_host_paused = photo->delay > 0; /* a wait for memory has none */
    unsigned failures = photo->failures > photo->host_failures ? photo->failures - photo->host_failures : 0;
    if (!is_host_paused || photo->behind != NULL || photo->delivery == NULL || !pace_wait(&work->again, task) ||
        !delivery_put_again(photo->delivery, failures, photo->retries))
        return false;
    photo->delivery = NULL;
    atomic_fetch_add(&work->put_again, 1);
    photo_drop(photo, NULL);
    return true;
}

/* Ends an attempt that has failed, or was put off; `is_download` unless that was by the target. */
static int end_attempt(struct downloader *downloader, weir_task *task, int code, bool is_download) {
    struct photo *photo = downloader->photo;
    photo_forget_image(photo); /* a partial picture, or an error page */
    room_count(&downloader->work->room, photo);
    if (code == PUT_OFF && is_download && put_again(downloader, task))
        return 0;
    code = retries_end(task, downloader->work, photo, code);
    if (code != TRANSIENT && code != PUT_OFF)
        hosts_leave(photo);
    return code;
}

int download_photo(weir_task *task, void *item, void *state) {
    struct downloader *downloader = state;
    struct photo *photo = item;
    downloader->photo = photo;
    downloader->allocated = 0;
    if (photo->begun == 0)
        photo->begun = weir_deadline_after(0);
    bool is_there = false;
    int code = check_photo(task, photo);
    if (code == 0)
        code = look_for_thumbnails(downloader, task, &is_there);
    if (is_there) {
        hosts_leave(photo);
        skip(downloader->work, photo);
        return 0;
    }
    bool is_download = code == 0;
    if (is_download)
        code = download(downloader, task);
    if (code != 0)
        return end_attempt(downloader, task, code, is_download);
    hosts_leave(photo);
    photo->failures = 0;
    photo->behind = NULL;
    photo->bytes_in = photo->image_size;
    room_count(&downloader->work->room, photo);
    atomic_fetch_add(&downloader->work->bytes_in, photo->image_size);
    weir_task_emit(task, photo);
    return 0;
}
