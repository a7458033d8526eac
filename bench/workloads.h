/*
 * workloads.h - threads and workloads of a driver, over the queue of its adapter.
 *
 * An adapter defines the type `queue`, includes this file, and defines the functions declared under "the adapter".
 * Its main calls driver_main with the workloads. All of it is one translation unit, so that the adapter's functions
 * are inlined into the loops of the threads.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_BENCH_WORKLOADS_H
#define WEIR_BENCH_WORKLOADS_H

#include "driver.h"

#include <stdlib.h>
#include <time.h>

/* ---- the adapter: items are the numbers 1 to n, and so never NULL ---- */

static inline queue *queue_new(size_t capacity);
static inline void queue_free(queue *self);
static inline void queue_put(queue *self, void *item);
/* Returns NULL when the queue is closed. */
static inline void *queue_get(queue *self);
/* Marks an item as done, for queues that count. */
static inline void queue_done(queue *self);
/* Makes each of `consumers` get NULL once, after all items that were put. */
static inline void queue_close(queue *self, size_t consumers);

/* ---- threads ---- */

static inline void *item_of(size_t number) {
    return (void *)(uintptr_t)number;
}

static inline void *produce(void *raw) {
    struct party *self = raw;
    queue *out = self->out;
    size_t to = self->to;
    for (size_t i = self->from; i < to; i++)
        queue_put(out, item_of(i));
    return NULL;
}

static inline void *consume(void *raw) {
    struct party *self = raw;
    queue *in = self->in;
    uint64_t sum = 0;
    size_t count = 0;
    for (void *item; (item = queue_get(in)) != NULL;) {
        sum += (uintptr_t)item;
        count++;
        queue_done(in);
    }
    self->sum = sum;
    self->count = count;
    return NULL;
}

/* Runs a worker of a pipeline, and the partner of pingpong. */
static inline void *pass_on(void *raw) {
    struct party *self = raw;
    queue *in = self->in, *out = self->out;
    unsigned long steps = args.steps;
    size_t count = 0;
    for (void *item; (item = queue_get(in)) != NULL;) {
        if (steps > 0)
            keep(churn((uintptr_t)item, steps));
        queue_put(out, item);
        queue_done(in);
        count++;
    }
    self->count = count;
    return NULL;
}

static inline void start_producers(struct party *producers, size_t count, queue *out, void *(*run)(void *)) {
    for (size_t i = 0; i < count; i++) {
        producers[i].out = out;
        producers[i].from = 1 + args.items * i / count;
        producers[i].to = 1 + args.items * (i + 1) / count;
        start(&producers[i], run);
    }
}

static inline void start_takers(struct party *takers, size_t count, queue *in, queue *out, void *(*run)(void *)) {
    for (size_t i = 0; i < count; i++) {
        takers[i].in = in;
        takers[i].out = out;
        start(&takers[i], run);
    }
}

/* ---- workloads ---- */

static inline void run_queue(void) {
    queue *between = queue_new(args.capacity);
    struct party *producers = new_parties(args.producers), *consumers = new_parties(args.consumers);
    struct reading from = read_now();

    start_takers(consumers, args.consumers, between, NULL, consume);
    start_producers(producers, args.producers, between, produce);
    join(producers, args.producers);
    queue_close(between, args.consumers);
    join(consumers, args.consumers);
    struct reading to = read_now();

    uint64_t sum = 0;
    size_t count = 0;
    for (size_t i = 0; i < args.consumers; i++) {
        sum += consumers[i].sum;
        count += consumers[i].count;
    }
    check_items(sum, count);
    queue_free(between);
    free(producers);
    free(consumers);
    print_result(from, to, args.items);
}

static inline void run_pingpong(void) {
    queue *there = queue_new(1), *back = queue_new(1);
    struct party *partner = new_parties(1);
    uint64_t sum = 0;
    struct reading from = read_now();

    start_takers(partner, 1, there, back, pass_on);
    for (size_t i = 1; i <= args.items; i++) {
        queue_put(there, item_of(i));
        sum += (uintptr_t)queue_get(back);
        queue_done(back);
    }
    queue_close(there, 1);
    join(partner, 1);
    struct reading to = read_now();

    check_items(sum, partner->count);
    queue_free(there);
    queue_free(back);
    free(partner);
    print_result(from, to, args.items);
}

/* Starts its threads itself, for queues that have no workers. */
static inline void run_pipeline(void) {
    queue *queues[STAGES + 1];
    struct party *feeder = new_parties(1), *collector = new_parties(1), *stages[STAGES];
    for (int i = 0; i <= STAGES; i++)
        queues[i] = queue_new(args.capacity);
    for (int i = 0; i < STAGES; i++)
        stages[i] = new_parties(args.threads[i]);
    struct reading from = read_now();

    for (int i = 0; i < STAGES; i++)
        start_takers(stages[i], args.threads[i], queues[i], queues[i + 1], pass_on);
    start_takers(collector, 1, queues[STAGES], NULL, consume);
    start_producers(feeder, 1, queues[0], produce);
    join(feeder, 1);
    for (int i = 0; i < STAGES; i++) {
        queue_close(queues[i], args.threads[i]);
        join(stages[i], args.threads[i]);
    }
    queue_close(queues[STAGES], 1);
    join(collector, 1);
    struct reading to = read_now();

    check_items(collector->sum, collector->count);
    for (int i = 0; i <= STAGES; i++)
        queue_free(queues[i]);
    for (int i = 0; i < STAGES; i++)
        free(stages[i]);
    free(feeder);
    free(collector);
    print_result(from, to, args.items);
}

static inline void run_idle(void) {
    enum { IDLERS = 12 };
    queue *in = queue_new(args.capacity);
    struct party *idlers = new_parties(IDLERS);
    start_takers(idlers, IDLERS, in, NULL, consume);
    nanosleep(&(struct timespec){.tv_nsec = 100000000}, NULL);
    struct reading from = read_now();
    nanosleep(&(struct timespec){.tv_sec = 1}, NULL);
    struct reading to = read_now();
    queue_close(in, IDLERS);
    join(idlers, IDLERS);
    queue_free(in);
    free(idlers);
    print_result(from, to, 0);
}

#endif /* WEIR_BENCH_WORKLOADS_H */
