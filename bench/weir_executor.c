/*
 * weir_executor.c - weir's executor as a driver of the benchmark: tasks, fanout, nested (driver.h).
 *
 * The tasks of `tasks` have no futures; a countdown tells their end. Those of `fanout` and `nested` have.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <weir.h>

#include <stdlib.h>

#include "rounds.h"

static weir_executor *executor;

static void check(weir_status status, const char *what) {
    if (status != WEIR_OK)
        fail("%s: %s", what, weir_strerror(status));
}

/* ---- tasks ---- */

static int arrive(weir_future *self, void *arg, void **value) {
    (void)self;
    (void)value;
    countdown_arrive(arg);
    return 0;
}

static void tasks_round(const struct party *self) {
    struct countdown all;
    countdown_start(&all, self->to - self->from);
    for (size_t i = self->from; i < self->to; i++)
        check(weir_executor_submit(executor, arrive, &all, NULL), "submit");
    countdown_wait(&all);
}

/* ---- tasks with results ---- */

/* Submits a task for each number, with that number as its argument, and returns the sum of their results. */
static uint64_t fan_out(weir_executor_func *func, size_t from, size_t count, size_t step, weir_future **futures) {
    uint64_t sum = 0;
    for (size_t i = 0; i < count; i++)
        check(weir_executor_submit(executor, func, (void *)(from + i * step), &futures[i]), "submit");
    check(weir_wait(futures, count, WEIR_ALL, WEIR_NEVER, NULL), "wait");
    for (size_t i = 0; i < count; i++) {
        void *value;
        check(weir_future_get(futures[i], &value), "get");
        sum += (uintptr_t)value;
        weir_future_release(futures[i]);
    }
    return sum;
}

static void fan_out_round(const struct party *self, weir_executor_func *func, uint64_t times) {
    size_t count = self->to - self->from;
    weir_future **futures = malloc(count * sizeof(weir_future *));
    if (futures == NULL)
        fail("out of memory");
    check_round(self, fan_out(func, self->from, count, 1, futures), times);
    free(futures);
}

static int give_number(weir_future *self, void *arg, void **value) {
    (void)self;
    *value = arg;
    return 0;
}

static void fanout_round(const struct party *self) {
    fan_out_round(self, give_number, 1);
}

static int submit_children(weir_future *self, void *arg, void **value) {
    weir_future *children[CHILDREN];
    (void)self;
    *value = (void *)(uintptr_t)fan_out(give_number, (size_t)(uintptr_t)arg, CHILDREN, 0, children);
    return 0;
}

static void nested_round(const struct party *self) {
    fan_out_round(self, submit_children, CHILDREN);
}

/* ---- the workloads ---- */

static void run(round_func *round, size_t submitters, size_t tasks) {
    const weir_executor_options options = {.threads = args.pool};
    check(weir_executor_create(&executor, &options), "create");
    run_rounds(round, submitters, tasks);
    check(weir_executor_shutdown(executor, true, false, WEIR_NEVER, NULL, NULL), "shutdown");
    check(weir_executor_destroy(executor), "destroy");
}

static void run_tasks(void) {
    run(tasks_round, args.producers, 1);
}

static void run_fanout(void) {
    run(fanout_round, 1, 1);
}

static void run_nested(void) {
    run(nested_round, 1, 1 + CHILDREN);
}

int main(int argc, char **argv) {
    static const struct workload workloads[] = {
        {"tasks", run_tasks}, {"fanout", run_fanout}, {"nested", run_nested}, {NULL, NULL}};
    static const struct driver self = {"weir_executor", NULL, workloads};
    return driver_main(argc, argv, &self);
}
