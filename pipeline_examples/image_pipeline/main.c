/*
 * main.c - weir-thumbs: downloads pictures, makes thumbnails of them, and uploads those.
 *
 *     main ==> [download] ==> 4 threads ==> [resize] ==> 2 threads ==> [upload] ==> 2 threads ==> [finished] ==> 1
 *
 * Four bounded queues, and a group of threads behind each. A slow stage fills the queue in front of it, and that holds
 * the faster ones back: however many pictures there are, only so many are in memory. What can go wrong with a picture
 * stays with that picture: the photo says what it was, the later stages pass it through, and the others go on.
 *
 * The end is orderly: the stages are stopped in the order in which the photos flow, so each of them has had all its
 * input when it is stopped. Ctrl-C ends the feeding early, by shutting the first queue down with WEIR_DRAIN, and then
 * it goes on as always. A second Ctrl-C shuts all queues down with WEIR_DISCARD: what is in them goes to their drop
 * function, which settles a photo just as the last stage does. No photo is ever lost sight of.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <curl/curl.h>
#include <signal.h>
#include <stdlib.h>

#include <weir/closable_queue.h>
#include <weir/stoppable_worker.h>

#include "account.h"
#include "ends.h"
#include "interrupt.h"
#include "options.h"
#include "progress.h"
#include "stages.h"
#include "terminal.h"

/* The queues and groups: one of each stage, and one of each for what is finished. */
enum { FINISHED = STAGE_COUNT, GROUPS };

struct pipeline {
    weir_queue *queues[GROUPS];
    weir_threads *groups[GROUPS];
};

static void drop_photo(void *photo, void *account) {
    account_settle(account, photo);
}

static void *finish_photo(void *photo, void *account) {
    account_settle(account, photo);
    return NULL;
}

static weir_status create_queues(struct pipeline *pipeline, const struct work *work) {
    static const char *const names[GROUPS] = {"download", "resize", "upload", "finished"};
    weir_status status = WEIR_OK;
    for (int i = 0; i < GROUPS && status == WEIR_OK; i++) {
        weir_queue_options options = {
            .capacity = work->options->queue, .name = names[i], .drop = drop_photo, .drop_arg = work->account};
        status = weir_queue_create_with(&pipeline->queues[i], &options);
    }
    return status;
}

static weir_status start_groups(struct pipeline *pipeline, struct work *work) {
    const weir_worker_options workers[GROUPS] = {
        {.name = "download", .func = download_photo, .arg = work, .init = download_init, .fini = download_fini},
        {.name = "resize", .func = resize_photo, .arg = work, .init = resize_init, .fini = resize_fini},
        {.name = "upload", .func = upload_photo, .arg = work, .init = upload_init, .fini = upload_fini},
        {.name = "finished", .func = finish_photo, .arg = work->account},
    };
    weir_status status = WEIR_OK;
    for (int i = 0; i < GROUPS && status == WEIR_OK; i++) {
        weir_queue *out = i + 1 < GROUPS ? pipeline->queues[i + 1] : NULL;
        size_t threads = i < STAGE_COUNT ? work->account->threads[i] : 1;
        status = weir_start_threads_with(&pipeline->groups[i], threads, &workers[i], pipeline->queues[i], out);
    }
    return status;
}

/* Waits whenever the download queue is full. Ends early when it is shut down, which is what the first Ctrl-C does. */
static weir_status feed(weir_queue *queue, const struct source *source, struct account *account) {
    for (size_t i = 0; i < source->count; i++) {
        struct photo *photo = photo_create(&source->entries[i]);
        if (photo == NULL)
            return WEIR_NOMEM;
        weir_status status = weir_queue_put(queue, photo);
        if (status != WEIR_OK) {
            photo_destroy(photo); /* a put that fails leaves the item with the caller */
            return status;
        }
        atomic_fetch_add_explicit(&account->started, 1, memory_order_relaxed);
    }
    return WEIR_OK;
}

static void stop_groups(struct pipeline *pipeline) {
    for (int i = 0; i < GROUPS; i++) {
        if (pipeline->groups[i] != NULL)
            weir_stop_threads(pipeline->queues[i], pipeline->groups[i]);
    }
}

static weir_status run(struct pipeline *pipeline, const struct ends *ends, struct work *work) {
    struct progress progress;
    weir_status status = start_groups(pipeline, work);
    if (status != WEIR_OK)
        return status;
    work->account->began = account_clock();
    bool has_progress = progress_start(&progress, work->account, pipeline->queues);
    interrupt_attach(pipeline->queues, GROUPS);

    status = feed(pipeline->queues[STAGE_DOWNLOAD], &ends->source, work->account);
    stop_groups(pipeline);

    interrupt_detach();
    work->account->ended = account_clock();
    if (has_progress)
        progress_stop(&progress);
    return status == WEIR_CLOSED ? WEIR_OK : status; /* interrupted: the report says so */
}

/* From the first queue to the last thread, and back. */
static weir_status make_thumbnails(const struct ends *ends, struct work *work) {
    struct pipeline pipeline = {{NULL}, {NULL}};
    weir_status status = create_queues(&pipeline, work);
    if (status == WEIR_OK)
        status = run(&pipeline, ends, work);
    stop_groups(&pipeline); /* those that were started before one could not be */
    for (int i = 0; i < GROUPS; i++)
        weir_queue_destroy(pipeline.queues[i]);
    return status;
}

static int report(struct account *account, weir_status status) {
    size_t not_started = account->total - atomic_load(&account->started), abandoned = atomic_load(&account->abandoned);
    if (status != WEIR_OK)
        terminal_say("%s", weir_strerror(status));
    if (interrupt_is_stopping() && abandoned > 0)
        terminal_say("interrupted: %zu not started, %zu abandoned", not_started, abandoned);
    else if (interrupt_is_stopping())
        terminal_say("interrupted: %zu not started", not_started);
    bool is_printed = account_print(account);
    if (!is_printed)
        terminal_say("the summary could not be written");
    bool is_complete = status == WEIR_OK && account_is_all_done(account) && !interrupt_is_stopping();
    return is_complete && is_printed ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int process(const struct options *options) {
    struct ends ends;
    int exit_status = ends_open(&ends, options);
    if (exit_status == EXIT_SUCCESS) {
        struct account account = {.total = ends.source.count,
                                  .threads = {options->downloads, options->resizes, options->uploads}};
        struct work work = {.options = options,
                            .account = &account,
                            .to_url = ends.to_url,
                            .from_is_embedded = ends.origin != NULL,
                            .to_is_embedded = ends.store != NULL};
        weir_status status = make_thumbnails(&ends, &work);
        exit_status = report(&account, status);
    }
    ends_close(&ends);
    return exit_status;
}

int main(int argc, char **argv) {
    struct options options;
    int exit_status;
    terminal_open("weir-thumbs");
    if (!options_parse(&options, argc, argv, &exit_status))
        return exit_status;

    signal(SIGPIPE, SIG_IGN); /* a connection that is gone is an error like any other */
    if (!interrupt_start())
        return EXIT_FAILURE;
    exit_status = EXIT_FAILURE;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        terminal_say("libcurl cannot start");
    } else if (resize_open(argv[0])) {
        exit_status = process(&options);
        resize_close();
    }
    curl_global_cleanup();
    interrupt_stop();
    return exit_status;
}
