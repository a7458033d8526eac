/*
 * ceiling.c - the work of a pipeline without a pipeline, as a driver of the benchmark: what the processors could do if
 * there were nothing else.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <stdlib.h>
#include <time.h>

#include "driver.h"

static void *work_alone(void *raw) {
    const struct party *self = raw;
    for (size_t i = self->from; i < self->to; i++)
        for (int stage = 0; stage < STAGES; stage++)
            keep(churn(i, args.steps));
    return NULL;
}

static void *sleep_alone(void *raw) {
    const struct party *self = raw;
    for (size_t i = self->from; i < self->to; i++)
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    return NULL;
}

static void run(size_t threads, void *(*alone)(void *)) {
    struct party *parties = new_parties(threads);
    struct reading from = read_now();
    for (size_t i = 0; i < threads; i++) {
        parties[i].from = args.items * i / threads;
        parties[i].to = args.items * (i + 1) / threads;
        start(&parties[i], alone);
    }
    join(parties, threads);
    print_result(from, read_now(), args.items);
    free(parties);
}

static void run_stages(void) {
    run(args.pool, work_alone);
}

static void run_sleeper(void) {
    run(8, sleep_alone);
}

int main(int argc, char **argv) {
    static const struct workload workloads[] = {{"stages", run_stages}, {"sleeper", run_sleeper}, {NULL, NULL}};
    static const struct driver self = {"ceiling", NULL, workloads};
    return driver_main(argc, argv, &self);
}
