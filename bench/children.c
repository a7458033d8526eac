/*
 * children.c - times of stages in child processes, as a driver of the benchmark.
 *
 *     children threads n=COUNT work=NS threads=2     items that compute, in a stage of threads
 *     children processes n=COUNT work=NS threads=2   the same in child processes
 *     children batches n=COUNT work=NS threads=2     the same with at most eight items in a batch
 *     children replace n=COUNT                       latencies from the kill of a child in an item until its successor has
 *                                                    begun the next item
 *     children cancel n=COUNT threads=2              latencies from a cancel until children that hang in an item have ended
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L
#include <weir.h>

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "driver.h"

enum { AT_ONCE = 100 /* items of a put */, BATCH = 8, BEGIN = 20000000 /* ns, in which an item has begun */ };

/* What crosses. */
struct question {
    uint64_t start;
    unsigned long steps;
    bool hangs;
};

struct answer {
    uint64_t begun; /* ns */
    pid_t pid;
};

struct job {
    struct question question;
    struct answer answer;
};

static void must(weir_status status) {
    if (status != WEIR_OK)
        fail("%s", weir_strerror(status));
}

static void nap(void) {
    nanosleep(&(struct timespec){.tv_nsec = BEGIN}, NULL);
}

/* In a child. */
static int serve(const void *in, size_t size, weir_process_payload *out, void *unused) {
    const struct question *question = in;
    const struct answer answer = {.begun = weir_deadline_after(0), .pid = getpid()};
    (void)size;
    (void)unused;
    while (question->hangs)
        pause();
    keep(churn(question->start, question->steps));
    memcpy(out->data, &answer, sizeof answer);
    out->size = sizeof answer;
    return 0;
}

/* ---- the stages ---- */

static int send_question(weir_task *task, const void *item, weir_process_payload *to, void *unused) {
    const struct job *job = item;
    (void)task;
    (void)unused;
    memcpy(to->data, &job->question, sizeof job->question);
    to->size = sizeof job->question;
    return 0;
}

static int take_answer(weir_task *task, void *item, const void *from, size_t size, void *unused) {
    struct job *job = item;
    (void)unused;
    if (size != sizeof job->answer)
        return weir_task_fail(task, 1, "%zu bytes", size);
    memcpy(&job->answer, from, sizeof job->answer);
    return 0;
}

static int work_here(weir_task *task, void *item, void *unused) {
    const struct job *job = item;
    (void)task;
    (void)unused;
    keep(churn(job->question.start, job->question.steps));
    return 0;
}

enum place { IN_THREADS, IN_PROCESSES, IN_BATCHES };

static weir_pipeline *start_stage(size_t threads, enum place place) {
    static const weir_process process = {.function = "serve", .encode = send_question, .decode = take_answer};
    weir_stage_options stage = {
        .name = "work", .work.run = work_here, .threads.count = threads, .errors.on_error = WEIR_SKIP};
    weir_pipeline *pipeline = NULL;
    if (place == IN_BATCHES) {
        stage.work.run = NULL;
        stage.work.run_batch = weir_process_run_batch;
        stage.batch = (weir_batch){.items = BATCH, .wait = WEIR_MILLISECOND};
    } else if (place == IN_PROCESSES) {
        stage.work.run = weir_process_run;
    }
    if (place != IN_THREADS) {
        stage.work.init = weir_process_init;
        stage.work.fini = weir_process_fini;
        stage.work.arg = (void *)&process;
    }
    weir_pipeline_create(&pipeline, NULL);
    weir_pipeline_add(pipeline, NULL, &stage);
    if (weir_pipeline_start(pipeline) != WEIR_OK)
        fail("%s", weir_pipeline_message(pipeline));
    return pipeline;
}

static void put_and_wait(weir_pipeline *pipeline, struct job *jobs, size_t count) {
    for (size_t i = 0; i < count; i++)
        must(weir_pipeline_put(pipeline, &jobs[i]));
    must(weir_pipeline_wait_idle(pipeline, WEIR_NEVER));
}

/* ---- the workloads ---- */

static void work(enum place place) {
    struct job jobs[AT_ONCE];
    void *items[AT_ONCE];
    for (size_t i = 0; i < AT_ONCE; i++) {
        jobs[i] = (struct job){.question = {.start = i + 1, .steps = args.steps}};
        items[i] = &jobs[i];
    }
    weir_pipeline *pipeline = start_stage(args.pool, place);
    put_and_wait(pipeline, jobs, AT_ONCE);
    struct reading from = read_now();
    for (size_t left = args.items, put; left > 0; left -= put)
        must(weir_pipeline_put_many(pipeline, items, left < AT_ONCE ? left : AT_ONCE, &put));
    must(weir_pipeline_wait_idle(pipeline, WEIR_NEVER));
    print_result(from, read_now(), args.items);
    must(weir_pipeline_finish(pipeline, WEIR_NEVER, NULL));
    weir_pipeline_destroy(pipeline);
}

static void run_threads(void) {
    work(IN_THREADS);
}

static void run_processes(void) {
    work(IN_PROCESSES);
}

static void run_batches(void) {
    work(IN_BATCHES);
}

static uint64_t *new_latencies(void) {
    uint64_t *latencies = calloc(args.items, sizeof *latencies);
    if (latencies == NULL)
        fail("out of memory");
    return latencies;
}

static void run_replace(void) {
    uint64_t *latencies = new_latencies();
    struct job job = {.question.hangs = false}, next = job, hanging = {.question.hangs = true};
    weir_pipeline *pipeline = start_stage(1, IN_PROCESSES);
    struct reading from = read_now();
    for (size_t i = 0; i < args.items; i++) {
        put_and_wait(pipeline, &job, 1);
        must(weir_pipeline_put(pipeline, &hanging));
        must(weir_pipeline_put(pipeline, &next));
        nap();
        uint64_t killed = weir_deadline_after(0);
        if (kill(job.answer.pid, SIGKILL) != 0)
            fail("no kill");
        /* For ever if the child was killed before the begin of the hanging item. */
        must(weir_pipeline_wait_idle(pipeline, weir_deadline_after(60 * WEIR_SECOND)));
        if (next.answer.pid == job.answer.pid || next.answer.begun < killed)
            fail("the child was not replaced");
        latencies[i] = next.answer.begun - killed;
    }
    print_latencies(from, read_now(), args.items, latencies, args.items);
    must(weir_pipeline_finish(pipeline, WEIR_NEVER, NULL));
    weir_pipeline_destroy(pipeline);
    free(latencies);
}

static void run_cancel(void) {
    uint64_t *latencies = new_latencies();
    struct job job = {.question.hangs = false}, hanging = {.question.hangs = true};
    struct reading from = read_now();
    for (size_t i = 0; i < args.items; i++) {
        weir_pipeline *pipeline = start_stage(args.pool, IN_PROCESSES);
        put_and_wait(pipeline, &job, 1);
        for (size_t child = 0; child < args.pool; child++)
            must(weir_pipeline_put(pipeline, &hanging));
        nap();
        uint64_t cancelled = weir_deadline_after(0);
        must(weir_pipeline_cancel(pipeline));
        if (weir_pipeline_finish(pipeline, WEIR_NEVER, NULL) != WEIR_CANCELLED)
            fail("not cancelled");
        latencies[i] = weir_deadline_after(0) - cancelled;
        if (waitpid(-1, NULL, WNOHANG) != -1 || errno != ECHILD)
            fail("a child is left");
        weir_pipeline_destroy(pipeline);
    }
    print_latencies(from, read_now(), args.items, latencies, args.items);
    free(latencies);
}

int main(int argc, char **argv) {
    static const weir_process_entry table[] = {{.name = "serve", .func = serve}, {.name = NULL}};
    static const struct workload workloads[] = {{"threads", run_threads}, {"processes", run_processes},
                                                {"batches", run_batches}, {"replace", run_replace},
                                                {"cancel", run_cancel},   {NULL, NULL}};
    static const struct driver self = {"children", NULL, workloads};
    weir_process_main(argc, argv, table);
    return driver_main(argc, argv, &self);
}
