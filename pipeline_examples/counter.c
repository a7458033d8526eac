/*
 * counter.c - ten threads raise one counter, 100,000 times each.
 *
 *     10 items -> raise (10 workers)
 *
 * Each worker takes one item and waits at a barrier until all ten have one, so that all raise the counter at once. The
 * barrier is a count of arrivals and a future, which the last worker to arrive sets. The counter is raised in three
 * ways. A load and a store lose counts if another thread stores in between; both are relaxed atomics, so the program
 * is defined. By luck they may lose none, so this way is repeated until it does, 100 times at most. A lock loses none,
 * nor does one atomic addition. It prints (the first numbers and the times vary):
 *
 *     load and store: 312454 of 1000000, 687546 lost
 *     lock: 1000000 of 1000000, 0 lost
 *     atomic addition: 1000000 of 1000000, 0 lost
 *     time: 0.002 s sequential, load and store 0.004 s, lock 0.031 s, atomic addition 0.010 s
 *
 * cc -O2 counter.c -o counter $(pkg-config --cflags --libs weir)
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L
#include <weir.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { WORKERS = 10, RAISES = 100000, ALL = WORKERS * RAISES, MOST_ROUNDS = 100 };

static atomic_long counter;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

static atomic_int arrived;
static weir_future *all_here; /* set by the last worker that arrives */

static void check(weir_status status, const char *what) {
    if (status != WEIR_OK) {
        fprintf(stderr, "counter: %s: %s\n", what, weir_strerror(status));
        exit(EXIT_FAILURE);
    }
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static void load_and_store(void) {
    long value = atomic_load_explicit(&counter, memory_order_relaxed);
    atomic_store_explicit(&counter, value + 1, memory_order_relaxed);
}

static void with_lock(void) {
    pthread_mutex_lock(&lock);
    load_and_store();
    pthread_mutex_unlock(&lock);
}

static void atomic_addition(void) {
    atomic_fetch_add_explicit(&counter, 1, memory_order_relaxed);
}

/* `item` is the way to raise the counter. */
static void *raise_counter(void *item, void *arg) {
    void (**way)(void) = item;
    void *nothing;
    (void)arg;
    if (atomic_fetch_add(&arrived, 1) + 1 == WORKERS)
        weir_future_set(all_here, NULL);
    weir_future_get(all_here, &nothing);
    for (int i = 0; i < RAISES; i++)
        (*way)();
    return NULL;
}

/* Returns the seconds that it took. */
static double count(void (*way)(void)) {
    weir_queue *queue;
    weir_threads *workers;
    check(weir_queue_create(&queue, WORKERS), "create a queue");
    check(weir_future_create(&all_here, NULL, NULL), "create a future");
    atomic_store(&counter, 0);
    atomic_store(&arrived, 0);
    check(weir_start_threads(&workers, WORKERS, raise_counter, NULL, queue, NULL), "start the workers");
    double start = now();
    for (int i = 0; i < WORKERS; i++)
        check(weir_queue_put(queue, &way), "put");
    check(weir_queue_join(queue), "join");
    double seconds = now() - start;
    check(weir_stop_threads(queue, workers), "stop the workers");
    weir_future_release(all_here);
    check(weir_queue_destroy(queue), "destroy the queue");
    return seconds;
}

static void print(const char *name) {
    long value = atomic_load(&counter);
    printf("%s: %ld of %d, %ld lost\n", name, value, ALL, ALL - value);
}

int main(void) {
    double start = now();
    for (int i = 0; i < ALL; i++)
        load_and_store(); /* one thread loses none */
    double sequential = now() - start, unprotected = 0;
    if (atomic_load(&counter) != ALL)
        return EXIT_FAILURE;
    for (int round = 0; round < MOST_ROUNDS && atomic_load(&counter) == ALL; round++)
        unprotected = count(load_and_store); /* again if, by luck, no count is lost */
    print("load and store");
    double locked = count(with_lock);
    print("lock");
    double atomic = count(atomic_addition);
    print("atomic addition");
    printf("time: %.3f s sequential, load and store %.3f s, lock %.3f s, atomic addition %.3f s\n", sequential,
           unprotected, locked, atomic);
    return EXIT_SUCCESS;
}
