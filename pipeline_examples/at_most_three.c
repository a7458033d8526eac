/*
 * at_most_three.c - ten workers start on an event, and at most three of them use a resource at once.
 *
 *     10 items -> use (10 workers)
 *
 * The event is a future: all workers wait for it, and main sets it once. The semaphore is a queue of three permits: a
 * worker gets one, and puts it back after its use of the resource. Here the resource takes 20 ms. It prints (the times
 * vary):
 *
 *     before the event: 0 uses
 *     after it: 10 uses, at most 3 at once
 *     time: 0.201 s sequential, 0.081 s with ten workers, ratio 2.5
 *
 * cc -O2 at_most_three.c -o at_most_three $(pkg-config --cflags --libs weir)
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L
#include <weir.h>

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { WORKERS = 10, PERMITS = 3 };

static atomic_int uses, users, most_users, waiting;

struct shared {
    weir_future *event;
    weir_queue *permits;
};

static void check(weir_status status, const char *what) {
    if (status != WEIR_OK) {
        fprintf(stderr, "at_most_three: %s: %s\n", what, weir_strerror(status));
        exit(EXIT_FAILURE);
    }
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static void use_resource(void) {
    int now_using = atomic_fetch_add(&users, 1) + 1, most = atomic_load(&most_users);
    while (most < now_using && !atomic_compare_exchange_weak(&most_users, &most, now_using)) {
    }
    nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    atomic_fetch_add(&uses, 1);
    atomic_fetch_sub(&users, 1);
}

static void *work(void *item, void *arg) {
    struct shared *shared = arg;
    void *nothing, *permit;
    (void)item;
    atomic_fetch_add(&waiting, 1);
    check(weir_future_get(shared->event, &nothing), "wait for the event");
    check(weir_queue_get(shared->permits, &permit), "acquire"); /* blocks while three are in use */
    use_resource();
    check(weir_queue_put(shared->permits, permit), "release");
    return NULL;
}

/* Returns the seconds from the event to the end of the last worker. */
static double use_at_once(void) {
    struct shared shared;
    weir_queue *items;
    weir_threads *workers;
    check(weir_future_create(&shared.event, NULL, NULL), "create the event");
    check(weir_queue_create(&shared.permits, PERMITS), "create the semaphore");
    for (int i = 0; i < PERMITS; i++)
        check(weir_queue_put(shared.permits, NULL), "put a permit");
    check(weir_queue_create(&items, WORKERS), "create a queue");
    check(weir_start_threads(&workers, WORKERS, work, &shared, items, NULL), "start the workers");
    for (int i = 0; i < WORKERS; i++)
        check(weir_queue_put(items, NULL), "put");
    while (atomic_load(&waiting) < WORKERS) /* only so that the next line shows all ten waiting */
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    printf("before the event: %d uses\n", atomic_load(&uses));
    double start = now();
    check(weir_future_set(shared.event, NULL), "set the event");
    check(weir_stop_threads(items, workers), "stop the workers"); /* after their items */
    double seconds = now() - start;
    printf("after it: %d uses, at most %d at once\n", atomic_load(&uses), atomic_load(&most_users));
    weir_future_release(shared.event);
    check(weir_queue_destroy(items), "destroy the queue");
    check(weir_queue_destroy(shared.permits), "destroy the semaphore");
    return seconds;
}

int main(void) {
    double start = now();
    for (int i = 0; i < WORKERS; i++)
        use_resource();
    double sequential = now() - start;
    atomic_store(&uses, 0);
    atomic_store(&most_users, 0);
    double at_once = use_at_once();
    printf("time: %.3f s sequential, %.3f s with ten workers, ratio %.1f\n", sequential, at_once, sequential / at_once);
    return EXIT_SUCCESS;
}
