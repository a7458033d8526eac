/*
 * stalls.c - the watch over a thread that sleeps in its own wait (errors.stall_time), as a driver of the benchmark.
 *
 *     stalls blocked n=COUNT        calls that block in nanosleep(2): time from their begin until the stall is told
 *     stalls computing n=COUNT      the same for calls that compute, in processor time of theirs, which is what counts
 *     stalls hogs n=COUNT p=96      calls that compute for 20 ms, beside so many busy processes: `late` ones took longer
 *                                   than the limit, for they waited for a processor; none of them may be told
 *
 * The limit is 100 ms.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE /* prctl */
#include <weir.h>

#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "driver.h"

static const uint64_t limit = 100 * WEIR_MILLISECOND, own_work = 20 * WEIR_MILLISECOND;

static uint64_t *latencies;
static size_t calls, late;
static atomic_size_t told;
static _Atomic uint64_t told_at; /* ns; 0: the stall of this call is not told yet */

static uint64_t now_ns(void) {
    return weir_deadline_after(0);
}

/* ---- the stage ---- */

static void note_stall(const weir_stall *stall, void *unused) {
    (void)stall;
    (void)unused;
    atomic_fetch_add(&told, 1);
    atomic_store(&told_at, now_ns());
}

static uint64_t own_time(void) {
    struct timespec time;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time);
    return (uint64_t)time.tv_sec * WEIR_SECOND + (uint64_t)time.tv_nsec;
}

static int block(weir_task *task, void *item, void *unused) {
    (void)task, (void)item, (void)unused;
    atomic_store(&told_at, 0);
    uint64_t from = now_ns();
    while (atomic_load(&told_at) == 0)
        nanosleep(&(struct timespec){.tv_nsec = (long)(3 * limit)}, NULL);
    latencies[calls++] = atomic_load(&told_at) - from;
    return 0;
}

static int compute(weir_task *task, void *item, void *unused) {
    (void)task, (void)item, (void)unused;
    atomic_store(&told_at, 0);
    uint64_t from = own_time();
    while (atomic_load(&told_at) == 0)
        keep(churn(from, 1000));
    latencies[calls++] = own_time() - from;
    return 0;
}

static int compute_briefly(weir_task *task, void *item, void *unused) {
    uint64_t from = own_time(), begun = now_ns();
    (void)task, (void)item, (void)unused;
    while (own_time() - from < own_work)
        keep(churn(begun, 1000));
    late += now_ns() - begun >= limit;
    return 0;
}

static void wait_for_bell(int fd, weir_deadline deadline, void *unused) {
    struct pollfd polled = {.fd = fd, .events = POLLIN};
    (void)unused;
    (void)poll(&polled, 1, deadline == 0 ? 0 : -1);
}

/* Runs the calls one after the other. Returns the reading at their begin. */
static struct reading run_calls(weir_task_func *run) {
    const weir_stage_options stage = {.name = "loop",
                                      .work = {.run = run, .wait = wait_for_bell},
                                      .threads.count = 1,
                                      .limits.in_flight = 1,
                                      .errors = {.stall_time = limit, .on_stall = note_stall}};
    weir_pipeline *pipeline = NULL;
    latencies = calloc(args.items, sizeof *latencies);
    if (latencies == NULL)
        fail("out of memory");
    weir_pipeline_create(&pipeline, NULL);
    weir_pipeline_add(pipeline, NULL, &stage);
    if (weir_pipeline_start(pipeline) != WEIR_OK)
        fail("%s", weir_pipeline_message(pipeline));
    struct reading from = read_now();
    for (size_t i = 0; i < args.items; i++)
        if (weir_pipeline_put(pipeline, NULL) != WEIR_OK)
            fail("no put");
    weir_status status = weir_pipeline_finish(pipeline, WEIR_NEVER, NULL);
    if (status != WEIR_OK)
        fail("%s", weir_strerror(status));
    weir_pipeline_destroy(pipeline);
    return from;
}

/* ---- the workloads ---- */

static void tell(weir_task_func *run) {
    struct reading from = run_calls(run);
    if (told != args.items)
        fail("%zu calls have stalled, and %zu were told", args.items, told);
    print_latencies(from, read_now(), args.items, latencies, told);
    free(latencies);
}

static void run_blocked(void) {
    tell(block);
}

static void run_computing(void) {
    tell(compute);
}

static pid_t start_hog(void) {
    pid_t parent = getpid(), pid = fork();
    if (pid < 0)
        fail("no process");
    if (pid > 0)
        return pid;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (uint64_t x = 1; getppid() == parent;)
        keep(x = churn(x, 1000000));
    _exit(0);
}

static void run_hogs(void) {
    pid_t *hogs = calloc(args.producers, sizeof *hogs);
    if (hogs == NULL)
        fail("out of memory");
    for (size_t i = 0; i < args.producers; i++)
        hogs[i] = start_hog();
    struct reading from = run_calls(compute_briefly);
    struct reading to = read_now();
    for (size_t i = 0; i < args.producers; i++)
        kill(hogs[i], SIGKILL);
    while (wait(NULL) > 0)
        ;
    printf("stalls hogs wall_s=%.3f calls=%zu late=%zu told=%zu\n", to.wall - from.wall, args.items, late, told);
    free(hogs);
    free(latencies);
}

int main(int argc, char **argv) {
    static const struct workload workloads[] = {
        {"blocked", run_blocked}, {"computing", run_computing}, {"hogs", run_hogs}, {NULL, NULL}};
    static const struct driver self = {"stalls", NULL, workloads};
    return driver_main(argc, argv, &self);
}
