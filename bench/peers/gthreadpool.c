/*
 * gthreadpool.c - GLib's GThreadPool as a driver of the benchmark.
 *
 * The pool has a fixed number of threads and no futures: results go to an array, and a countdown tells the end. A task
 * that waited for another one could block all threads, so the last of the nested tasks ends their parent instead.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <glib.h>
#include <stdlib.h>

#include "../rounds.h"

/* What the pool gets for each task. */
struct job {
    void (*run)(struct job *self);
    struct countdown *all;
    uint64_t number, result;
    struct job *parent, *children;
    size_t left; /* children; changed by atomic operations */
};

static GThreadPool *pool;

static void run_job(void *raw, void *unused) {
    struct job *self = raw;
    (void)unused;
    self->run(self);
}

static void push(struct job *job) {
    g_thread_pool_push(pool, job, NULL);
}

static struct job *new_jobs(const struct party *self, struct countdown *all, void (*run)(struct job *)) {
    size_t count = self->to - self->from;
    struct job *jobs = calloc(count, sizeof *jobs);
    if (jobs == NULL)
        fail("out of memory");
    for (size_t i = 0; i < count; i++)
        jobs[i] = (struct job){.run = run, .all = all, .number = self->from + i};
    return jobs;
}

/* Runs a job for each number; each adds its number `times` times. */
static void run_round(const struct party *self, void (*run)(struct job *), uint64_t times) {
    struct countdown all;
    size_t count = self->to - self->from;
    countdown_start(&all, count);
    struct job *jobs = new_jobs(self, &all, run);
    for (size_t i = 0; i < count; i++)
        push(&jobs[i]);
    countdown_wait(&all);
    uint64_t sum = 0;
    for (size_t i = 0; i < count; i++)
        sum += jobs[i].result;
    check_round(self, sum, times);
    free(jobs);
}

/* ---- tasks ---- */

static void arrive(void *raw, void *unused) {
    (void)unused;
    countdown_arrive(raw);
}

static void tasks_round(const struct party *self) {
    struct countdown all;
    countdown_start(&all, self->to - self->from);
    for (size_t i = self->from; i < self->to; i++)
        g_thread_pool_push(pool, &all, NULL);
    countdown_wait(&all);
}

/* ---- fan-out ---- */

static void give_number(struct job *self) {
    self->result = self->number;
    countdown_arrive(self->all);
}

static void fanout_round(const struct party *self) {
    run_round(self, give_number, 1);
}

/* ---- nested ---- */

static void end_child(struct job *self) {
    struct job *parent = self->parent;
    self->result = self->number;
    if (__atomic_sub_fetch(&parent->left, 1, __ATOMIC_ACQ_REL) > 0)
        return;
    for (size_t i = 0; i < CHILDREN; i++)
        parent->result += parent->children[i].result;
    free(parent->children);
    countdown_arrive(parent->all);
}

static void submit_children(struct job *self) {
    struct job *children = calloc(CHILDREN, sizeof *children);
    if (children == NULL)
        fail("out of memory");
    self->children = children;
    self->left = CHILDREN;
    for (size_t i = 0; i < CHILDREN; i++) {
        children[i] = (struct job){.run = end_child, .parent = self, .number = self->number};
        push(&children[i]);
    }
}

static void nested_round(const struct party *self) {
    run_round(self, submit_children, CHILDREN);
}

/* ---- the workloads ---- */

static void run(GFunc func, round_func *round, size_t submitters, size_t tasks) {
    pool = g_thread_pool_new(func, NULL, (int)args.pool, TRUE, NULL);
    if (pool == NULL)
        fail("no pool");
    run_rounds(round, submitters, tasks);
    g_thread_pool_free(pool, FALSE, TRUE);
}

static void run_tasks(void) {
    run(arrive, tasks_round, args.producers, 1);
}

static void run_fanout(void) {
    run(run_job, fanout_round, 1, 1);
}

static void run_nested(void) {
    run(run_job, nested_round, 1, 1 + CHILDREN);
}

int main(int argc, char **argv) {
    static const struct workload workloads[] = {
        {"tasks", run_tasks}, {"fanout", run_fanout}, {"nested", run_nested}, {NULL, NULL}};
    static const struct driver self = {"gthreadpool", NULL, workloads};
    return driver_main(argc, argv, &self);
}
