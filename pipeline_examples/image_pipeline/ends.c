/*
 * ends.c - interprets --from, --queue and --to.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "ends.h"

#include <stdlib.h>
#include <string.h>

#include "folder.h"
#include "interrupt.h"
#include "photo_set.h"
#include "queue.h"
#include "terminal.h"
#include "url.h"

enum { PAINTED = 100, USAGE_ERROR = 2 };

static bool serve_folder(struct ends *ends, const char *folder, const char *place, const struct options *options) {
    ends->origin = http_server_start(folder, HTTP_ORIGIN);
    if (ends->origin == NULL)
        return false;
    const char *url = http_server_url(ends->origin);
    if (options->is_recursive && place == NULL)
        return source_from_folders(&ends->source, folder, url, options->to, options->recipe.format);
    return source_from_folder(&ends->source, folder, url, place, options->recipe.format);
}

static bool paint_folder(struct ends *ends, const struct options *options) {
    if (!temporary_make(&ends->painted))
        return false;
    interrupt_set_temporary(&ends->painted);
    terminal_say("painting %d pictures", PAINTED);
    struct photo_set set = {
        .to = ends->painted.path, .count = PAINTED, .seed = 1, .should_stop = interrupt_is_stopping};
    if (!photo_set_make(&set)) {
        if (interrupt_is_stopping())
            terminal_say("interrupted: %d not started", PAINTED);
        return false;
    }
    return serve_folder(ends, ends->painted.path, "painted/", /* the same pictures in each run, in a different folder */
                        options);
}

static bool join_queue(struct ends *ends, const struct options *options) {
    struct queue *queue = queue_open_to_take(&(struct queue_options){
        .place = &options->queue, .ack_wait = options->ack_wait * WEIR_SECOND, .window = options->take});
    if (queue == NULL)
        return false;
    source_from_queue(&ends->source, queue, options->recipe.format);
    return true;
}

static bool open_from(struct ends *ends, const struct options *options) {
    const char *from = options->from;
    if (from == NULL && *options->queue.name != '\0')
        return join_queue(ends, options);
    bool is_folder = from != NULL && strcmp(from, "-") != 0 && folder_exists(from);
    bool ok = from == NULL ? paint_folder(ends, options)
              : is_folder  ? serve_folder(ends, from, NULL, options)
                           : source_from_list(&ends->source, from, options->is_null_separated, options->recipe.format);
    if (ok && ends->source.count == 0 && ends->source.is_whole) {
        terminal_say("%s: nothing to do", from);
        return false;
    }
    return ok;
}

/* Returns 0, or the exit status. */
static int open_bucket(struct ends *ends, const struct options *options) {
    int exit_status = s3_open(&ends->s3, options->to, options->s3_endpoint, options->s3_region);
    ends->to_url = ends->s3.url;
    return exit_status;
}

static bool open_to(struct ends *ends, const char *to) {
    if (ends->to_url != NULL)
        return true;
    if (url_is_http(to)) {
        ends->to_url = to;
        return true;
    }
    if (!folder_make(to))
        return false;
    ends->store = http_server_start(to, HTTP_STORE);
    if (ends->store == NULL)
        return false;
    ends->to_url = http_server_url(ends->store);
    return true;
}

int ends_open(struct ends *ends, const struct options *options) {
    *ends = (struct ends){.source.list.file = -1};
    if (url_is_http(options->to) && strchr(options->to, '#') != NULL) {
        terminal_say("--to: the URL must not have a fragment; write a '#' of its path as %%23");
        return USAGE_ERROR;
    }
    if (options->from != NULL && folder_is_same(options->from, options->to)) {
        terminal_say("%s: is both the source and the destination: the thumbnails would replace the pictures",
                     options->to);
        return USAGE_ERROR;
    }
    if (options->is_dry) /* changes no file */
        return open_from(ends, options) ? EXIT_SUCCESS : EXIT_FAILURE;
    int exit_status = s3_is_url(options->to) ? open_bucket(ends, options) : EXIT_SUCCESS;
    if (exit_status != EXIT_SUCCESS)
        return exit_status;
    temporary_remove_leftovers();
    return open_to(ends, options->to) && open_from(ends, options) ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* Returns whether a file of passwords may have those of the destination. A query has credentials, such as a signature. */
static bool may_use_netrc(const struct ends *ends) {
    return ends->store == NULL && strchr(ends->to_url, '?') == NULL;
}

bool ends_authorize(const struct ends *ends, CURL *curl) {
    if (ends->s3.url != NULL)
        return s3_sign(&ends->s3, curl);
    return !may_use_netrc(ends) || curl_easy_setopt(curl, CURLOPT_NETRC, (long)CURL_NETRC_OPTIONAL) == CURLE_OK;
}

void ends_remove_painted(struct ends *ends) {
    if (ends->painted.path != NULL)
        temporary_remove(&ends->painted);
    temporary_close(&ends->painted);
}

void ends_close(struct ends *ends) {
    http_server_stop(ends->origin);
    http_server_stop(ends->store);
    s3_close(&ends->s3);
    source_free(&ends->source);
    ends_remove_painted(ends);
}
