/*
 * futures.c - what Python's concurrent.futures does: results as they complete, the first of several, tasks within tasks.
 *
 *     $ futures
 *     ten calls of 0.1 s: sum 285, in 0.100 s
 *     first of ten: task 9, in 0.020 s
 *     twenty tasks that wait for three each: sum 290, in 0.600 s
 *
 * A task that waits for tasks of its own executor cannot deadlock: the waiting thread runs them itself.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <weir.h>

enum { TASKS = 10, OUTER = 20, INNER = 3 };
static weir_executor *executor;

static double seconds_since(weir_deadline start) {
    return 1e-9 * (double)(weir_deadline_after(0) - start);
}

static void check(weir_status status) {
    if (status != WEIR_OK) {
        fprintf(stderr, "futures: %s\n", weir_strerror(status));
        exit(EXIT_FAILURE);
    }
}

static int square(weir_future *self, void *number, void **value) {
    nanosleep(&(struct timespec){0, 100000000}, NULL);
    *value = (void *)((intptr_t)number * (intptr_t)number);
    return (void)self, 0;
}

static int sleep_less(weir_future *self, void *number, void **value) { /* task 9 takes 20 ms, task 0 takes 200 ms */
    nanosleep(&(struct timespec){0, 20000000 * (10 - (intptr_t)number)}, NULL);
    *value = number;
    return (void)self, 0;
}

/* Submits `count` tasks, and adds their values up as they complete. */
static intptr_t sum_of(weir_executor_func *func, size_t count) {
    weir_future *futures[OUTER], *future;
    weir_completions *completions;
    intptr_t sum = 0;
    void *value;
    for (size_t i = 0; i < count; i++)
        check(weir_executor_submit(executor, func, (void *)i, &futures[i]));
    check(weir_as_completed(&completions, futures, count));
    for (size_t i = 0; i < count; i++) {
        check(weir_completions_next(completions, &future, NULL, WEIR_NEVER));
        check(weir_future_get(future, &value));
        sum += (intptr_t)value;
        weir_future_release(future);
    }
    weir_completions_destroy(completions);
    return sum;
}

static int fan_out(weir_future *self, void *number, void **value) { /* waits for tasks of its own executor */
    *value = (void *)((intptr_t)number + sum_of(square, INNER));
    return (void)self, 0;
}

static void first_of(size_t count) {
    weir_future *futures[TASKS];
    weir_deadline start = weir_deadline_after(0);
    for (size_t i = 0; i < count; i++)
        check(weir_executor_submit(executor, sleep_less, (void *)i, &futures[i]));
    check(weir_wait(futures, count, WEIR_FIRST_COMPLETED, WEIR_NEVER, NULL));
    for (size_t i = 0; i < count; i++)
        if (weir_future_state_of(futures[i]) == WEIR_FUTURE_DONE)
            printf("first of ten: task %zu, in %.3f s\n", i, seconds_since(start));
    check(weir_wait(futures, count, WEIR_ALL, WEIR_NEVER, NULL)); /* for the times of what follows */
    for (size_t i = 0; i < count; i++)
        weir_future_release(futures[i]);
}

int main(void) {
    check(weir_executor_create(&executor, &(weir_executor_options){.threads = TASKS}));
    weir_deadline start = weir_deadline_after(0);
    intptr_t sum = sum_of(square, TASKS);
    printf("ten calls of 0.1 s: sum %jd, in %.3f s\n", (intmax_t)sum, seconds_since(start));
    first_of(TASKS);
    start = weir_deadline_after(0);
    sum = sum_of(fan_out, OUTER);
    printf("twenty tasks that wait for three each: sum %jd, in %.3f s\n", (intmax_t)sum, seconds_since(start));
    check(weir_executor_destroy(executor));
    return EXIT_SUCCESS;
}
