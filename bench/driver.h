/*
 * driver.h - what all drivers of the benchmark share: `DRIVER WORKLOAD key=value ...`, one result line on stdout.
 *
 *     DRIVER queue p=4 c=4 cap=1024 n=1000000      p producers and c consumers on one queue
 *     DRIVER pingpong n=100000                     one item to and fro through two queues of capacity 1
 *     DRIVER pipeline w=3,4,5 cap=64 work=1000     three groups of threads; work in nanoseconds an item and stage
 *     DRIVER ordered w=3,4,5 cap=64 work=1000      the same, and the items come out in the order in which they came in
 *     DRIVER idle                                  CPU seconds of 12 waiting consumers in one second
 *     DRIVER calibrate                             steps of the work loop in a microsecond
 *     DRIVER limits                                what the machine's own steps take (machine.h); weir_peer only
 *
 * Further keys: ipu=STEPS, the work loop's steps in a microsecond, so that all drivers of a run do the same work.
 * The line is `DRIVER WORKLOAD items_per_s=N wall_s=N cpu_s=N ctxsw=N`, the last being context switches; a driver
 * that is not like for like adds note=WORD. Exit status: 0; 77: a workload it does not know; else a failure. Every run
 * checks that the items that came out are those that went in.
 *
 * A driver is an adapter of one kind of queue to workloads.h, which says what an adapter has to have, with the command
 * line, the measuring and the work loop of driver.c.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_BENCH_DRIVER_H
#define WEIR_BENCH_DRIVER_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

enum { STAGES = 3 };

struct driver {
    const char *name;
    const char *note; /* one word for the result line; NULL: none */
    /* the workloads; NULL: not known */
    void (*queue)(void);
    void (*pingpong)(void);
    void (*pipeline)(void);
    void (*ordered)(void);
    void (*idle)(void);
};

/* What the command line says. */
struct driver_args {
    size_t producers, consumers, capacity, items;
    unsigned long steps; /* of the work loop, for each item and stage */
    size_t threads[STAGES];
};

struct reading {
    double wall, cpu;
    long switches;
};

/* One thread of a workload. */
struct party {
    _Alignas(128) pthread_t thread;
    void *in, *out;  /* queues */
    size_t from, to; /* producers: the items to put */
    uint64_t sum;    /* consumers: of the items that came */
    size_t count;
};

extern struct driver_args args;

int driver_main(int argc, char **argv, const struct driver *self);
_Noreturn void fail(const char *format, ...);
struct reading read_now(void);
void print_result(struct reading from, struct reading to, size_t items);
/* Fails unless `count` items with this sum are all items of the run. */
void check_items(uint64_t sum, size_t count);
/* The work: a chain of dependent shifts. */
uint64_t churn(uint64_t x, unsigned long steps);
/* Takes a result of churn, so that it has to be computed. */
void keep(uint64_t x);

struct party *new_parties(size_t count);
void start(struct party *party, void *(*run)(void *));
void join(const struct party *parties, size_t count);

#endif /* WEIR_BENCH_DRIVER_H */
