/*
 * wakes.c - wake-ups by the descriptors of a queue, as a driver of the benchmark.
 *
 *     wakes get n=COUNT     latencies from the put of an item until the get of a blocked thread has it
 *     wakes poll n=COUNT    the same, with a thread that is blocked in poll(2)
 *     wakes lost n=COUNT p=2 c=2 cap=2
 *                           threads that put and threads that get, all of which block in poll only, until they have blocked
 *                           COUNT times in all; a poll that does not return though its queue is ready is a lost wake-up
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE /* RUSAGE_THREAD */
#include <weir.h>

#include <poll.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <time.h>

#include "driver.h"

enum { NAP = 200000 /* ns, in which a thread falls asleep */, HANG = 20000 /* ms */, COUNT_EVERY = 1024 /* polls */ };

static weir_queue *queue;
static int get_fd, put_fd;

static void must(weir_status status) {
    if (status != WEIR_OK)
        fail("%s", weir_strerror(status));
}

static void open_queue(void) {
    must(weir_queue_create(&queue, args.capacity));
    get_fd = weir_queue_get_fd(queue);
    put_fd = weir_queue_put_fd(queue);
    if (get_fd < 0 || put_fd < 0)
        fail("no descriptors");
}

/* ---- latencies ---- */

static uint64_t *latencies;
static atomic_size_t got;

static void take(const void *item) {
    latencies[got] = weir_deadline_after(0) - *(const uint64_t *)item;
    atomic_fetch_add(&got, 1);
}

static void *get(void *unused) {
    void *item;
    while (weir_queue_get(queue, &item) == WEIR_OK)
        take(item);
    return unused;
}

static void *poll_and_get(void *unused) {
    struct pollfd polled = {.fd = get_fd, .events = POLLIN};
    void *item;
    for (;;) {
        weir_status status = weir_queue_try_get(queue, &item);
        if (status == WEIR_CLOSED)
            return unused;
        if (status == WEIR_OK)
            take(item);
        else
            (void)poll(&polled, 1, -1);
    }
}

static void wake(void *(*sleep)(void *)) {
    struct party *sleeper = new_parties(1);
    uint64_t *stamps = calloc(args.items, sizeof *stamps);
    latencies = calloc(args.items, sizeof *latencies);
    if (stamps == NULL || latencies == NULL)
        fail("out of memory");
    must(weir_queue_create(&queue, args.capacity));
    if (sleep == poll_and_get && (get_fd = weir_queue_get_fd(queue)) < 0)
        fail("no descriptor");
    start(sleeper, sleep);
    struct reading from = read_now();
    for (size_t i = 0; i < args.items; i++) {
        nanosleep(&(struct timespec){.tv_nsec = NAP}, NULL);
        while (atomic_load(&got) < i)
            ;
        stamps[i] = weir_deadline_after(0);
        must(weir_queue_put(queue, &stamps[i]));
    }
    must(weir_queue_shutdown(queue, WEIR_DRAIN));
    join(sleeper, 1);
    print_latencies(from, read_now(), args.items, latencies, got);
    must(weir_queue_destroy(queue));
    free(stamps);
    free(latencies);
    free(sleeper);
}

static void run_get(void) {
    wake(get);
}

static void run_poll(void) {
    wake(poll_and_get);
}

/* ---- none is lost ---- */

static atomic_size_t blocked, lost; /* polls */

/* The polls of a thread. */
struct poller {
    struct pollfd polled;
    size_t polls;
    long switches; /* of the thread, when they were counted last */
};

static long switches_now(void) {
    struct rusage usage;
    (void)getrusage(RUSAGE_THREAD, &usage);
    return usage.ru_nvcsw;
}

/* Polls that have blocked gave their processor up. */
static void count_blocks(struct poller *poller) {
    long now = switches_now(), since = now - poller->switches;
    atomic_fetch_add(&blocked, since < COUNT_EVERY ? (size_t)since : COUNT_EVERY);
    poller->switches = now;
}

/* Whether the descriptor stays unreadable although the queue is ready. A stopped process may find its time over, too. */
static bool is_lost(struct pollfd *polled, bool (*is_ready)(void)) {
    return is_ready() && poll(polled, 1, HANG / 10) == 0 && is_ready();
}

static void poll_once(struct poller *poller, bool (*is_ready)(void)) {
    if (poll(&poller->polled, 1, HANG) == 0 && is_lost(&poller->polled, is_ready)) {
        atomic_fetch_add(&lost, 1);
        fprintf(stderr, "wakes: a wake-up is lost\n");
    }
    if (++poller->polls % COUNT_EVERY == 0)
        count_blocks(poller);
}

static bool has_items(void) {
    return weir_queue_size(queue) > 0;
}

static bool has_room(void) {
    return weir_queue_size(queue) < args.capacity;
}

static void *put_all(void *raw) {
    struct party *self = raw;
    struct poller poller = {.polled = {.fd = put_fd, .events = POLLIN}, .switches = switches_now()};
    while (atomic_load_explicit(&blocked, memory_order_relaxed) < args.items) {
        size_t item = self->count + 1;
        weir_status status = weir_queue_try_put(queue, (void *)(uintptr_t)item);
        if (status == WEIR_FULL) {
            poll_once(&poller, has_room);
            continue;
        }
        must(status);
        self->count++;
        self->sum += item;
    }
    return NULL;
}

static void *get_all(void *raw) {
    struct party *self = raw;
    struct poller poller = {.polled = {.fd = get_fd, .events = POLLIN}, .switches = switches_now()};
    void *item;
    for (;;) {
        weir_status status = weir_queue_try_get(queue, &item);
        if (status == WEIR_CLOSED)
            return NULL;
        if (status == WEIR_EMPTY) {
            poll_once(&poller, has_items);
            continue;
        }
        must(status);
        must(weir_queue_task_done(queue));
        self->count++;
        self->sum += (uintptr_t)item;
    }
}

static size_t add_up(const struct party *parties, size_t count, uint64_t *sum) {
    size_t found = 0;
    for (size_t i = 0; i < count; i++) {
        found += parties[i].count;
        *sum += parties[i].sum;
    }
    return found;
}

static void run_lost(void) {
    struct party *putters = new_parties(args.producers), *getters = new_parties(args.consumers);
    uint64_t put_sum = 0, got_sum = 0;
    open_queue();
    struct reading from = read_now();
    for (size_t i = 0; i < args.consumers; i++)
        start(&getters[i], get_all);
    for (size_t i = 0; i < args.producers; i++)
        start(&putters[i], put_all);
    join(putters, args.producers);
    must(weir_queue_shutdown(queue, WEIR_DRAIN));
    join(getters, args.consumers);
    struct reading to = read_now();
    size_t items = add_up(putters, args.producers, &put_sum);
    if (add_up(getters, args.consumers, &got_sum) != items || got_sum != put_sum)
        fail("items are lost");
    printf("wakes lost wall_s=%.3f items=%zu blocked=%zu lost=%zu\n", to.wall - from.wall, items, blocked, lost);
    must(weir_queue_destroy(queue));
    free(putters);
    free(getters);
}

int main(int argc, char **argv) {
    static const struct workload workloads[] = {{"get", run_get}, {"poll", run_poll}, {"lost", run_lost}, {NULL, NULL}};
    static const struct driver self = {"wakes", NULL, workloads};
    return driver_main(argc, argv, &self);
}
