/*
 * main.c - weir-thumbs: downloads pictures, makes thumbnails of them, and uploads the thumbnails.
 *
 *     main -> download -> resize (one thread for each processor) -> upload
 *                      |          |                                         |
 *                      +----------+-------------- dead letters -------------+----> progress
 *
 * This file declares a weir pipeline of three stages and puts the photos. A slow stage fills its input queue, and
 * back-pressure slows the faster ones down. The threads of downloads and uploads, which wait for the network, are few
 * at first, and their number grows while that raises the throughput. Each resize thread has a child process that decodes.
 * The number of pictures in memory is bounded however many there are, including those that wait for another attempt,
 * and a download waits while their bytes are many. A picture that fails becomes a dead letter, which holds the
 * reason, and the others go on. Ctrl-C finishes the pipeline: in-flight items are completed. A second one cancels it:
 * they are dropped. The report counts every photo that was put in exactly one place.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L

#include <curl/curl.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <unistd.h>

#include <weir/pipeline.h>

#include "encode.h"
#include "interrupt.h"
#include "isolate.h"
#include "library.h"
#include "machine.h"
#include "metrics.h"
#include "options.h"
#include "plan.h"
#include "progress.h"
#include "retries.h"
#include "share.h"
#include "stages.h"
#include "summary.h"
#include "terminal.h"
#include "trace.h"
#include "vips_text.h"

enum { FIRST_DOWNLOADS = 4, FIRST_UPLOADS = 2, MOST_THREADS = 64, MOST_BACKING_OFF = 1000 };

enum { PUT_AGAIN_RATE = 200 /* a second: a queue with no other photos goes in circles during the pause */ };

/* Photos of a host inside the pipeline, for each that may be downloaded at a time; the others are parked. */
enum { INSIDE_PER_HOST = 16 };

/* Returns a fixed number of threads if one is given; otherwise one that grows while that brings more. */
static weir_stage_threads threads_of(size_t given, size_t first) {
    return given > 0 ? (weir_stage_threads){.count = given} : (weir_stage_threads){.count = first, .max = MOST_THREADS};
}

/* Returns the maximum number of pictures in flight: those in queues and threads, and those in back-off. */
static size_t most_in_flight(const struct options *options) {
    size_t downloads = options->downloads > 0 ? options->downloads : MOST_THREADS;
    size_t uploads = options->uploads > 0 ? options->uploads : MOST_THREADS;
    return 3 * options->capacity + downloads + options->resizes + uploads + MOST_BACKING_OFF;
}

/* Returns the bytes of pictures and thumbnails in memory from which on a download waits. */
static uint64_t most_held(const struct options *options) {
    const uint64_t most = (uint64_t)256 << 20, part = options->recipe.memory / 4;
    return part < most ? part : most;
}

/* Returns the key of the host that a photo comes from; 0 if it comes from none. */
static uint64_t host_of(const void *photo, void *work) {
    const struct photo *from = photo;
    return from->fault != NULL ? 0 : hosts_key(((struct work *)work)->hosts, from->url);
}

/* Ignores the status of add: weir_pipeline_start refuses the same stage with the same message. */
static weir_status start(weir_pipeline *pipeline, struct work *work, weir_queue *dead, bool is_isolated) {
    const struct options *options = work->options;
    weir_stage_options stages[] = {
        {.name = "download", .work.run = download_photo, .work.init = download_init, .work.fini = download_fini},
        {.name = "resize", .work.run = resize_photo, .work.fini = resize_fini},
        {.name = "upload", .work.run = upload_photo, .work.init = upload_init, .work.fini = upload_fini},
    };
    stages[0].errors.retry = stages[2].errors.retry = retries_options();
    if (is_isolated)
        isolate_set_up(&stages[1], work);
    if (options->per_host > 0 && work->ends.origin == NULL)
        stages[0].limits = (weir_stage_limits){.key = host_of, .per_key = options->per_host};
    stages[0].threads = threads_of(options->downloads, FIRST_DOWNLOADS);
    stages[1].threads = threads_of(options->resizes, 1);
    stages[2].threads = threads_of(options->uploads, FIRST_UPLOADS);
    for (size_t i = 0; i < sizeof stages / sizeof *stages; i++) {
        stages[i].work.arg = work;
        stages[i].input.capacity = options->capacity;
        stages[i].input.drop = photo_drop;
        stages[i].errors.on_error = WEIR_SKIP;
        stages[i].errors.dead = dead;
        weir_pipeline_add(pipeline, NULL, &stages[i]);
    }
    return weir_pipeline_start(pipeline);
}

struct feeder {
    weir_pipeline *pipeline;
    struct hosts
        *hosts; /* NULL if the pictures come from a server inside the program, or a queue that others take from */
    weir_status status;
};

/* Puts the photos of hosts that may be asked again. */
static void feed_parked(void *argument) {
    struct feeder *feeder = argument;
    struct photo *photo;
    while (feeder->status == WEIR_OK && (photo = hosts_unpark(feeder->hosts)) != NULL)
        feeder->status = weir_pipeline_put(feeder->pipeline, photo);
}

/* Waits until no photo is parked, or the run ends. */
static void feed_last(struct feeder *feeder) {
    const struct timespec interval = {.tv_nsec = 20000000};
    while (feeder->status == WEIR_OK && hosts_have_parked(feeder->hosts) && !interrupt_is_stopping()) {
        feed_parked(feeder);
        nanosleep(&interval, NULL);
    }
}

/*
 * Puts all photos; blocks while there is no room, and while a list that is still being written has no further entry.
 * Returns early if the run ends. Photos of a host that is paused, or has many inside, are parked. Those of a host that
 * is given up are left out.
 */
static weir_status feed(weir_pipeline *pipeline, struct work *work) {
    struct source *source = &work->ends.source;
    struct feeder feeder = {.pipeline = pipeline,
                            .hosts = work->ends.origin == NULL && source->queue == NULL ? work->hosts : NULL,
                            .status = interrupt_is_stopping() ? WEIR_CLOSED : WEIR_OK};
    struct photo *photo;
    source_when_idle(source, feed_parked, &feeder);
    while (feeder.status == WEIR_OK && (photo = source_next(source)) != NULL) {
        if (!hosts_park(feeder.hosts, photo))
            feeder.status = weir_pipeline_put(pipeline, photo);
        if (feeder.status != WEIR_OK)
            photo_drop(photo, NULL);
        feed_parked(&feeder);
    }
    source_leave(source);
    feed_last(&feeder);
    source_when_idle(source, NULL, NULL);
    return feeder.status;
}

/* Blocks until every thread has ended. Cancelled workers may take a while; then one more signal ends the program. */
static void finish(weir_pipeline *pipeline, struct ends *ends) {
    bool is_over = weir_pipeline_finish(pipeline, WEIR_NEVER, NULL) != WEIR_BUSY;
    ends_remove_painted(ends); /* no download runs any more, and the next signal would leave the folder behind */
    interrupt_release();
    if (!is_over)
        terminal_say("aborting; another signal ends the program at once");
    while (!is_over)
        is_over = weir_pipeline_finish(pipeline, WEIR_NEVER, NULL) != WEIR_BUSY;
}

/* Runs the pipeline from the first photo to the end of the last thread. */
static weir_status run(weir_pipeline *pipeline, struct work *work, weir_queue *dead, weir_report **report) {
    work->refusals.pipeline = pipeline;
    work->refusals.max_failures = work->options->max_failures;
    struct progress progress = {.pipeline = pipeline,
                                .dead = dead,
                                .source = &work->ends.source,
                                .put_again = &work->put_again,
                                .report = &work->report,
                                .recipe = &work->options->recipe,
                                .refusals = &work->refusals,
                                .is_quiet = work->options->is_quiet};
    weir_status status = interrupt_hand_over(pipeline);
    if (status == WEIR_OK)
        status = progress_start(&progress);
    if (status != WEIR_OK)
        return status;
    status = feed(pipeline, work);
    finish(pipeline, &work->ends);
    weir_status outcome = weir_pipeline_finish(pipeline, WEIR_NEVER, report); /* has ended: makes the report */
    progress_stop(&progress, *report);
    terminal_flush(weir_deadline_after(WEIR_SECOND)); /* before the summary, unless stderr is blocked */
    return status == WEIR_NOMEM ? status : outcome;
}

/* Creates and starts the pipeline. `*pipeline` must be destroyed in either case. */
static weir_status open_pipeline(weir_pipeline **pipeline, struct work *work, weir_queue *dead, FILE *trace,
                                 bool is_isolated) {
    weir_status status = weir_pipeline_create(
        pipeline,
        &(weir_pipeline_options){.name = "weir-thumbs", .max_items = most_in_flight(work->options), .trace = trace});
    return status == WEIR_OK ? start(*pipeline, work, dead, is_isolated) : status;
}

/* Runs the pipeline while its figures can be read. */
static weir_status run_with_metrics(weir_pipeline *pipeline, struct work *work, weir_queue *dead,
                                    weir_report **report) {
    struct metrics metrics;
    if (!metrics_start(&metrics, work->options->metrics, pipeline)) {
        weir_pipeline_cancel(pipeline);
        return WEIR_CANCELLED;
    }
    weir_status status = run(pipeline, work, dead, report);
    metrics_stop(&metrics);
    return status;
}

/* Leaves `*report` NULL if the run did not begin. */
static void make_thumbnails(struct work *work, const struct trace *trace, weir_report **report) {
    weir_pipeline *pipeline = NULL;
    weir_queue *dead = NULL;
    enum isolation isolation = work->options->isolation;
    weir_status status = weir_queue_create(&dead, work->options->capacity);
    if (status == WEIR_OK)
        status = open_pipeline(&pipeline, work, dead, trace->stream, isolation != ISOLATE_NEVER);
    if (status == WEIR_INITFAILED && isolation == ISOLATE_IF_POSSIBLE && atomic_load(&work->has_no_decoder)) {
        terminal_say("decoding in threads: %s", weir_pipeline_message(pipeline));
        weir_pipeline_destroy(pipeline);
        pipeline = NULL;
        trace_restart(trace);
        status = open_pipeline(&pipeline, work, dead, trace->stream, false);
    }
    if (status == WEIR_OK)
        status = run_with_metrics(pipeline, work, dead, report);
    const char *message = weir_pipeline_message(pipeline);
    if (status != WEIR_OK && status != WEIR_CANCELLED) /* interrupted twice: the report says so */
        terminal_say("%s", *message != '\0' ? message : weir_strerror(status));
    weir_pipeline_destroy(pipeline);
    weir_queue_destroy(dead);
}

/* Returns 0, or the exit status after printing a message. */
static int open_work(struct work *work) {
    const struct options *options = work->options;
    budget_open(&work->memory, options->recipe.memory);
    room_open(&work->room, most_held(options));
    pace_open(&work->pace, options->rate);
    pace_open(&work->again, PUT_AGAIN_RATE);
    work->hosts = hosts_create(options->retries, INSIDE_PER_HOST * options->per_host);
    work->ends.source.list.file = -1;
    if (work->hosts == NULL) {
        terminal_say("out of memory");
        return EXIT_FAILURE;
    }
    char recipe[RECIPE_TEXT];
    recipe_show(recipe, &options->recipe);
    if (!journal_open(&work->journal, options->is_dry ? NULL : options->journal, recipe))
        return EXIT_FAILURE;
    report_open(&work->report, NULL, false);
    int exit_status = ends_open(&work->ends, options);
    if (exit_status == EXIT_SUCCESS &&
        !report_open(&work->report, options->is_dry ? NULL : options->report, options->journal != NULL))
        exit_status = EXIT_FAILURE;
    return exit_status;
}

/* Returns the exit status after printing the summary. */
static int process_photos(struct work *work) {
    weir_report *report = NULL;
    struct trace trace;
    if (!trace_open(&trace, work->options->trace))
        return EXIT_FAILURE;
    make_thumbnails(work, &trace, &report);
    bool is_traced = trace_close(&trace);
    if (work->ends.source.is_whole && work->ends.source.count == 0)
        terminal_say("%s: nothing to do", work->options->from == NULL ? "--queue" : work->options->from);
    int exit_status = report != NULL ? summary_print(report, work) : EXIT_FAILURE;
    weir_report_free(report);
    return is_traced || exit_status != EXIT_SUCCESS ? exit_status : EXIT_FAILURE;
}

/* Puts a list to a queue, for the programs that have joined. */
static int share(const struct options *options) {
    int exit_status = share_run(options);
    interrupt_stop();
    return exit_status;
}

static int process(const struct options *options) {
    if (*options->queue.name != '\0' && options->from != NULL && !options->is_dry)
        return share(options);
    struct work work = {.options = options};
    int exit_status = open_work(&work);
    interrupt_stop();
    if (exit_status == EXIT_FAILURE && interrupt_is_stopping())
        exit_status = SIGNAL_STATUS + interrupt_number();
    if (exit_status == EXIT_SUCCESS && options->is_dry) {
        interrupt_release(); /* a signal ends the listing, even while it waits for a further entry or a reader */
        exit_status = plan_print(&work.ends.source, &options->recipe);
    } else if (exit_status == EXIT_SUCCESS) {
        exit_status = process_photos(&work);
    }
    ends_close(&work.ends);
    hosts_destroy(work.hosts);
    budget_close(&work.memory);
    room_close(&work.room);
    pace_close(&work.pace);
    pace_close(&work.again);
    journal_close(&work.journal);
    return report_close(&work.report) || exit_status != EXIT_SUCCESS ? exit_status : EXIT_FAILURE;
}

/* On failure prints a message and returns false. */
static bool open_library(const struct recipe *recipe) {
    if (library_open(LIBRARY_SEVERAL))
        return recipe->format == FORMAT_JPEG || encode_check(recipe);
    char reason[256];
    vips_text_take(reason, sizeof reason);
    terminal_say("cannot initialize libvips: %s", reason);
    return false;
}

static int run_program(int argc, char **argv) {
    struct options options;
    int exit_status;
    if (!options_parse(&options, argc, argv, &exit_status))
        return exit_status;

    signal(SIGPIPE, SIG_IGN); /* a closed connection is an ordinary error */
    signal(SIGXFSZ, SIG_IGN); /* so is a file of the size that the system permits */
    machine_map_large_blocks();
    machine_limit_arenas(options.resizes + 1); /* most threads wait */
    if (!interrupt_start())
        return EXIT_FAILURE;
    exit_status = EXIT_FAILURE;
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
        terminal_say("cannot initialize libcurl");
    } else if (open_library(&options.recipe)) {
        exit_status = process(&options);
        library_close();
    }
    curl_global_cleanup();
    return exit_status;
}

/*
 * Gives each standard descriptor that is closed to /dev/null: else a journal or a thumbnail would get its number, and
 * what is printed. To read the list, or to print the summary, fails then.
 */
static void occupy_descriptors(void) {
    static const int modes[] = {[STDIN_FILENO] = O_WRONLY, [STDOUT_FILENO] = O_RDONLY, [STDERR_FILENO] = O_WRONLY};
    for (int i = STDIN_FILENO; i <= STDERR_FILENO; i++) {
        if (fcntl(i, F_GETFD) < 0)
            (void)open("/dev/null", modes[i]); /* the lowest free number: that of the closed one */
    }
}

int main(int argc, char **argv) {
    occupy_descriptors();
    const weir_process_entry children[] = {isolate_entry, {.name = NULL}};
    weir_process_main(argc, argv, children); /* does not return in a child */
    terminal_open("weir-thumbs");
    int exit_status = run_program(argc, argv);
    interrupt_release();
    terminal_close(); /* if stderr is blocked, a signal ends the program here */
    return exit_status;
}
