/*
 * rounds.h - rounds of tasks for drivers of executors: first untimed, then timed.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_BENCH_ROUNDS_H
#define WEIR_BENCH_ROUNDS_H

#include "driver.h"

enum { CHILDREN = 10 }; /* tasks that each task of the nested workload submits */

/* One round of one submitter: submits the tasks from `from` up to `to`, and waits for their end. */
typedef void round_func(const struct party *self);

/*
 * Runs the rounds in `p` threads and prints the result. Each thread runs rounds for `warm` seconds, then waits for the
 * others, then runs the timed rounds. The argument tasks is the number of tasks that each item stands for.
 */
void run_rounds(round_func *round, size_t submitters, size_t tasks);

/* Fails unless `sum` is `times` times the sum of the numbers from `from` up to `to`, without `to`. */
void check_round(const struct party *self, uint64_t sum, uint64_t times);

/* A countdown for executors without a way to wait for several tasks. */
struct countdown {
    _Alignas(128) size_t left; /* changed by atomic operations */
    pthread_mutex_t lock;
    pthread_cond_t end;
    bool over; /* left is 0; under the lock */
};

void countdown_start(struct countdown *self, size_t count);
void countdown_arrive(struct countdown *self);
void countdown_wait(struct countdown *self); /* and frees its lock */

#endif /* WEIR_BENCH_ROUNDS_H */
