/*
 * weir_threads.c - counts the threads of pipelines, and times a stage that sleeps, as a driver of the benchmark.
 *
 *     weir_threads threads n=20000          50 pipelines of 5 stages on the crew: the threads of the process beside the
 *                                           main one, when all are idle, and the most of them while all are busy
 *     weir_threads sleeps n=2000 p=64       a stage that sleeps 10 ms, on p threads
 *     weir_threads sleeps p=1 most=64       the same on 1 to 64 threads; and the time until the stage is back at one
 *                                           thread when it idles
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <weir.h>

#include <dirent.h>
#include <stdlib.h>
#include <time.h>

#include "driver.h"

enum { PIPELINES = 50, STAGES_OF_EACH = 5 };

static void check(weir_status status, const char *what) {
    if (status != WEIR_OK)
        fail("%s: %s", what, weir_strerror(status));
}

static void sleep_for(long ns) {
    nanosleep(&(struct timespec){.tv_nsec = ns}, NULL);
}

static void put_all(weir_pipeline *pipeline) {
    for (size_t i = 1; i <= args.items; i++)
        check(weir_pipeline_put(pipeline, (void *)(uintptr_t)i), "put");
}

/* ---- threads ---- */

/* Returns the number of threads of the process, without the main one. */
static size_t count_threads(void) {
    size_t count = 0;
    DIR *tasks = opendir("/proc/self/task");
    if (tasks == NULL)
        fail("no /proc");
    for (const struct dirent *task; (task = readdir(tasks)) != NULL;)
        count += task->d_name[0] != '.';
    closedir(tasks);
    return count - 1;
}

static void *work(void *item, void *arg) {
    (void)arg;
    keep(churn((uintptr_t)item, 2000));
    return item;
}

static void add_stages(weir_pipeline *pipeline) {
    static const char *const names[STAGES_OF_EACH] = {"a", "b", "c", "d", "e"};
    for (int i = 0; i < STAGES_OF_EACH; i++) {
        const weir_stage_options stage = {.name = names[i], .work.func = work};
        check(weir_pipeline_add(pipeline, NULL, &stage), "add");
    }
}

/* Puts an item to each pipeline in turn. Returns the most threads that it has seen. */
static size_t keep_busy(weir_pipeline *const *pipelines) {
    size_t most = 0;
    for (size_t i = 1; i <= args.items; i++) {
        check(weir_pipeline_put(pipelines[i % PIPELINES], (void *)(uintptr_t)i), "put");
        size_t now = i % 100 == 0 ? count_threads() : 0;
        most = now > most ? now : most;
    }
    return most;
}

static void run_threads(void) {
    weir_pipeline *pipelines[PIPELINES];
    struct reading from = read_now();
    for (int i = 0; i < PIPELINES; i++) {
        check(weir_pipeline_create(&pipelines[i], NULL), "create");
        add_stages(pipelines[i]);
        check(weir_pipeline_start(pipelines[i]), "start");
    }
    sleep_for(200 * 1000 * 1000);
    size_t idle = count_threads(), busy = keep_busy(pipelines);
    for (int i = 0; i < PIPELINES; i++) {
        check(weir_pipeline_finish(pipelines[i], WEIR_NEVER, NULL), "finish");
        check(weir_pipeline_destroy(pipelines[i]), "destroy");
    }
    print_threads(from, read_now(), args.items, idle, busy);
}

/* ---- sleeps ---- */

static void *sleep_10_ms(void *item, void *arg) {
    (void)arg;
    sleep_for(10 * 1000 * 1000);
    return item;
}

static weir_pipeline *start_sleeper(void) {
    weir_pipeline *pipeline;
    const weir_stage_options stage = {.name = "sleep",
                                      .work.func = sleep_10_ms,
                                      .threads.count = args.producers,
                                      .threads.max = args.most,
                                      .input.capacity = 1024};
    check(weir_pipeline_create(&pipeline, NULL), "create");
    check(weir_pipeline_add(pipeline, NULL, &stage), "add");
    check(weir_pipeline_start(pipeline), "start");
    return pipeline;
}

static void end_sleeper(weir_pipeline *pipeline) {
    check(weir_pipeline_finish(pipeline, WEIR_NEVER, NULL), "finish");
    check(weir_pipeline_destroy(pipeline), "destroy");
}

/* Returns the number of threads of the stage, and its live items in `*live`. */
static size_t look(weir_pipeline *pipeline, uint64_t *live) {
    weir_report *report;
    check(weir_pipeline_report(pipeline, &report), "report");
    size_t threads = report->stages[0].threads;
    *live = report->counts.live;
    weir_report_free(report);
    return threads;
}

/* Returns the seconds from the end of the last item until the stage has its least number of threads. */
static double time_return(void) {
    weir_pipeline *pipeline = start_sleeper();
    uint64_t live;
    put_all(pipeline);
    while ((void)look(pipeline, &live), live > 0)
        sleep_for(1000 * 1000);
    double from = read_now().wall;
    while (look(pipeline, &live) > args.producers)
        sleep_for(1000 * 1000);
    double to = read_now().wall;
    end_sleeper(pipeline);
    return to - from;
}

static void run_sleeps(void) {
    struct reading from = read_now();
    weir_pipeline *pipeline = start_sleeper();
    put_all(pipeline);
    check(weir_pipeline_finish(pipeline, WEIR_NEVER, NULL), "finish");
    struct reading to = read_now();
    check(weir_pipeline_destroy(pipeline), "destroy");
    if (args.most > 0)
        print_return(from, to, args.items, time_return() * 1e3);
    else
        print_result(from, to, args.items);
}

int main(int argc, char **argv) {
    static const struct workload workloads[] = {{"threads", run_threads}, {"sleeps", run_sleeps}, {NULL, NULL}};
    static const struct driver self = {"weir_threads", NULL, workloads};
    return driver_main(argc, argv, &self);
}
