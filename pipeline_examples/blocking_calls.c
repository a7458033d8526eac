/*
 * blocking_calls.c - system calls that block, one after another and at once.
 *
 * Each call waits 0.1 s for data on a pipe that gets none. Ten of them take 1.0 s in a loop. On an executor with ten
 * threads they block at once, and take 0.1 s. It prints (the times vary):
 *
 *     sequential: 10 calls, 10 timed out
 *     executor: 10 calls, 10 timed out
 *     time: 1.001 s sequential, 0.101 s on the executor, ratio 9.9
 *
 * cc -O2 blocking_calls.c -o blocking_calls $(pkg-config --cflags --libs weir)
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L
#include <weir.h>

#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { CALLS = 10, TIMEOUT_MS = 100 };

static void check(weir_status status, const char *what) {
    if (status != WEIR_OK) {
        fprintf(stderr, "blocking_calls: %s: %s\n", what, weir_strerror(status));
        exit(EXIT_FAILURE);
    }
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* Returns what poll returns: 0 after the timeout. */
static int wait_for_data(int pipe_end) {
    struct pollfd end = {.fd = pipe_end, .events = POLLIN};
    return poll(&end, 1, TIMEOUT_MS);
}

/* The task. Its value is whether the call has timed out. */
static int call(weir_future *self, void *pipe_end, void **value) {
    int ready = wait_for_data(*(int *)pipe_end);
    if (ready < 0)
        return weir_executor_error(self, errno, "poll: %s", strerror(errno));
    *value = (void *)(uintptr_t)(ready == 0);
    return 0;
}

static int count_sequentially(int pipe_end) {
    int timeouts = 0;
    for (int i = 0; i < CALLS; i++)
        timeouts += wait_for_data(pipe_end) == 0;
    return timeouts;
}

static int count_at_once(int *pipe_end) {
    weir_executor *executor;
    weir_future *calls[CALLS];
    int timeouts = 0;
    check(weir_executor_create(&executor, &(weir_executor_options){.name = "calls", .threads = CALLS}), "create");
    for (int i = 0; i < CALLS; i++)
        check(weir_executor_submit(executor, call, pipe_end, &calls[i]), "submit");
    for (int i = 0; i < CALLS; i++) {
        void *timed_out;
        check(weir_future_get(calls[i], &timed_out), "get"); /* blocks until the call has returned */
        timeouts += timed_out != NULL;
        weir_future_release(calls[i]);
    }
    check(weir_executor_destroy(executor), "destroy");
    return timeouts;
}

int main(void) {
    int ends[2];
    if (pipe(ends) != 0) {
        perror("blocking_calls: pipe");
        return EXIT_FAILURE;
    }
    double start = now();
    printf("sequential: %d calls, %d timed out\n", CALLS, count_sequentially(ends[0]));
    double middle = now();
    printf("executor: %d calls, %d timed out\n", CALLS, count_at_once(&ends[0]));
    double sequential = middle - start, concurrent = now() - middle;
    printf("time: %.3f s sequential, %.3f s on the executor, ratio %.1f\n", sequential, concurrent,
           sequential / concurrent);
    return EXIT_SUCCESS;
}
