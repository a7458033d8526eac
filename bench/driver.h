/*
 * driver.h - the interface of the benchmark's drivers: `DRIVER WORKLOAD key=value ...`, one result line on stdout.
 *
 *     DRIVER queue p=4 c=4 cap=1024 n=1000000      p producers and c consumers on one queue
 *     DRIVER pingpong n=100000                     one item back and forth through two queues of capacity 1
 *     DRIVER pipeline w=3,4,5 cap=64 work=1000     three groups of threads; work in nanoseconds per item and stage
 *     DRIVER ordered w=3,4,5 cap=64 work=1000      the same, with the items in input order
 *     DRIVER idle                                  CPU seconds of 12 blocked consumers in one second
 *     DRIVER stages w=3,4,5 cap=64 work=1000       the pipeline with its source and its sink as stages
 *     DRIVER stages_ordered w=3,4,5 cap=64         the same, with the items in input order
 *     DRIVER sleeper cap=64 work=1000              a stage that sleeps 1 ms, 8 items at once, between two that work
 *     DRIVER skew slow=1 n=2000                    20 items each ms, 10 us a stage, one of 500 takes 5 ms: latencies
 *     DRIVER tasks p=4 n=10000 rounds=50           p threads submit n empty tasks in all; each waits for its own
 *     DRIVER fanout n=10000 rounds=50              one thread submits n tasks and waits for their results
 *     DRIVER nested n=1000 rounds=50               n tasks, each of which submits 10 tasks and waits for their results
 *     DRIVER calibrate                             steps of the work loop per microsecond
 *     DRIVER limits                                costs of the machine's primitives (machine.h); weir_peer only
 *
 * Another key is ipu=STEPS, the steps of the work loop per microsecond, so that all drivers of a run do the same
 * work. Drivers of executors know threads=2, the threads of the pool, and warm=0.3, seconds of untimed rounds before
 * the timed ones. The result line is `DRIVER WORKLOAD items_per_s=N wall_s=N cpu_s=N ctxsw=N`; ctxsw counts context
 * switches. A driver that is not strictly comparable adds note=WORD; skew adds p50_us, p99_us and max_us of the items
 * of 10 us. The exit status is 0, or 77 for a workload that the driver does not have; any other value is a failure. Every
 * run checks that the items that came out are those that went in.
 *
 * A driver consists of an adapter for one kind of queue, workloads.h and driver.c. workloads.h lists the functions of an
 * adapter. driver.c has the command line, the measurement and the work loop.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_BENCH_DRIVER_H
#define WEIR_BENCH_DRIVER_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { STAGES = 3 };

struct workload {
    const char *name;
    void (*run)(void);
};

struct driver {
    const char *name;
    const char *note;                 /* one word for the result line; NULL if none */
    const struct workload *workloads; /* up to one without a name */
};

/* Values from the command line. */
struct driver_args {
    size_t producers, consumers, capacity, items;
    unsigned long steps; /* of the work loop, per item and stage */
    size_t threads[STAGES];
    size_t rounds; /* of tasks */
    size_t pool;   /* threads of an executor */
    double warm;   /* seconds of untimed rounds */
    size_t most;   /* an elastic stage: its maximum number of threads; 0: it has a fixed number */
    bool crew;     /* stages run on a crew instead of threads of their own */
    bool slow;     /* one of 500 items is slow */
    double per_us; /* steps of the work loop per microsecond */
};

struct reading {
    double wall, cpu;
    long switches;
};

/* One thread of a workload. */
struct party {
    _Alignas(128) pthread_t thread;
    void *in, *out;  /* queues, or NULL */
    size_t from, to; /* producers: range of the items to put */
    uint64_t sum;    /* consumers: sum of the items received */
    size_t count;
};

extern struct driver_args args;

int driver_main(int argc, char **argv, const struct driver *self);
_Noreturn void fail(const char *format, ...);
struct reading read_now(void);
void print_result(struct reading from, struct reading to, size_t items);
/* The same, with the latencies of `count` items in ns; sorts them. */
void print_latencies(struct reading from, struct reading to, size_t items, uint64_t *latencies, size_t count);
/* The same, with numbers of threads. */
void print_threads(struct reading from, struct reading to, size_t items, size_t idle, size_t busy);
/* The same, with a time in ms until an idle stage was back at its least number of threads. */
void print_return(struct reading from, struct reading to, size_t items, double ms);
/* Fails unless `count` items with this sum are all items of the run. */
void check_items(uint64_t sum, size_t count);
/* Does the work: a chain of dependent shifts. */
uint64_t churn(uint64_t x, unsigned long steps);
/* Uses a result of churn, so that the compiler must compute it. */
void keep(uint64_t x);

struct party *new_parties(size_t count);
void start(struct party *party, void *(*run)(void *));
void join(const struct party *parties, size_t count);

#endif /* WEIR_BENCH_DRIVER_H */
