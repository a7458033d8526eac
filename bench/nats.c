/*
 * nats.c - a queue on a server of NATS, with one replica and items of 100 bytes: `make bench-nats`.
 *
 *     nats [ITEMS [WAKES]]
 *
 * Starts a server, and prints the items a second of single puts, of weir_nats_put_many and of a source with a window of
 * 100; then how long a waiting consumer and a waiting producer take to wake, with the bars.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "../tests/nats_server.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <weir.h>
#include <weir/nats.h>

enum { SIZE = 100, MANY = 1000, WINDOW = 100, WAKES_MOST = 100000 };

static struct nats_server server;
static char folder[128];
static atomic_size_t taken;
static _Atomic uint64_t taken_at;
static uint64_t samples[WAKES_MOST];

static uint64_t now(void) {
    return weir_deadline_after(0);
}

static void must(weir_status status) {
    if (status == WEIR_OK)
        return;
    fprintf(stderr, "nats: %s\n", weir_strerror(status));
    nats_server_kill(&server);
    exit(1);
}

static weir_nats *open_queue(const char *name, size_t capacity) {
    weir_nats_config config = {.urls = server.url, .name = name, .capacity = capacity, .window = WINDOW};
    weir_nats *nats = NULL;
    must(weir_nats_open(&nats, &config));
    return nats;
}

static char *new_item(void) {
    char *item = malloc(SIZE + 1);
    memset(item, 'x', SIZE);
    item[SIZE] = '\0';
    return item;
}

static int take(weir_task *task, void *item, void *arg) {
    (void)task;
    (void)arg;
    free(item);
    atomic_store(&taken_at, now());
    atomic_fetch_add(&taken, 1);
    return 0;
}

static weir_pipeline *start_taker(weir_nats *nats) {
    weir_pipeline *pipeline = NULL;
    weir_pipeline_options options = {0};
    weir_stage_options from = {.name = "from"}, to = {.name = "to", .work = {.run = take}};
    must(weir_nats_source(nats, &from, &options));
    must(weir_pipeline_create(&pipeline, &options));
    must(weir_pipeline_add(pipeline, NULL, &from));
    must(weir_pipeline_add(pipeline, NULL, &to));
    atomic_store(&taken, 0);
    must(weir_pipeline_start(pipeline));
    return pipeline;
}

static void wait_for(size_t count) {
    while (atomic_load(&taken) < count)
        usleep(50);
}

static void end_taker(weir_pipeline *pipeline) {
    weir_status status;
    do
        status = weir_pipeline_finish(pipeline, weir_deadline_after(10 * WEIR_SECOND), NULL);
    while (status == WEIR_BUSY);
    must(weir_pipeline_destroy(pipeline));
}

static void print_rate(const char *what, size_t items, uint64_t begin, double bar) {
    printf("%-28s %9.0f items/s   (bar %.0f)\n", what, (double)items / ((double)(now() - begin) / 1e9), bar);
    fflush(stdout);
}

static void bench_rates(size_t items) {
    weir_nats *nats = open_queue("rates", WEIR_UNBOUNDED);
    uint64_t begin = now();
    for (size_t i = 0; i < items / 4; i++)
        must(weir_nats_put(nats, new_item(), WEIR_NEVER));
    print_rate("put", items / 4, begin, 8000);
    begin = now();
    for (size_t done = 0; done < items; done += MANY) {
        void *burst[MANY];
        size_t put;
        for (size_t i = 0; i < MANY; i++)
            burst[i] = new_item();
        must(weir_nats_put_many(nats, burst, MANY, &put, WEIR_NEVER));
    }
    print_rate("put_many", items, begin, 40000);
    begin = now();
    weir_pipeline *pipeline = start_taker(nats);
    wait_for(items / 4 + items);
    print_rate("taken with a window of 100", items / 4 + items, begin, 25000);
    end_taker(pipeline);
    must(weir_nats_destroy(nats));
}

static int by_size(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

static void print_wakes(const char *what, size_t count) {
    qsort(samples, count, sizeof *samples, by_size);
    printf("%-28s p50 %.2f ms, p99 %.2f ms   (bar of p99: 5 ms)\n", what, (double)samples[count / 2] / 1e6,
           (double)samples[count * 99 / 100] / 1e6);
    fflush(stdout);
}

static void bench_wake_of_consumer(size_t wakes) {
    weir_nats *nats = open_queue("wakes", WEIR_UNBOUNDED);
    weir_pipeline *pipeline = start_taker(nats);
    for (size_t i = 0; i < wakes; i++) {
        usleep(1000);
        uint64_t begin = now();
        must(weir_nats_put(nats, new_item(), WEIR_NEVER));
        wait_for(i + 1);
        samples[i] = atomic_load(&taken_at) - begin;
    }
    print_wakes("put to a waiting consumer", wakes);
    end_taker(pipeline);
    must(weir_nats_destroy(nats));
}

/* Each put waits until the item before it is acknowledged. */
static void bench_wake_of_producer(size_t wakes) {
    weir_nats *producer = open_queue("rooms", 1), *consumer = open_queue("rooms", 1);
    weir_pipeline *pipeline = start_taker(consumer);
    must(weir_nats_put(producer, new_item(), WEIR_NEVER));
    for (size_t i = 0; i < wakes; i++) {
        must(weir_nats_put(producer, new_item(), WEIR_NEVER));
        uint64_t before = atomic_load(&taken_at), end = now();
        samples[i] = end > before ? end - before : 0;
    }
    print_wakes("room to a waiting producer", wakes);
    wait_for(wakes + 1);
    end_taker(pipeline);
    must(weir_nats_destroy(producer));
    must(weir_nats_destroy(consumer));
}

int main(int count, char **arguments) {
    size_t items = count > 1 ? strtoul(arguments[1], NULL, 10) / MANY * MANY : 100000;
    size_t wakes = count > 2 ? strtoul(arguments[2], NULL, 10) : 1000;
    if (!nats_server_exists() || items == 0 || wakes == 0 || wakes > WAKES_MOST) {
        fputs("nats: no nats-server, or wrong arguments\n", stderr);
        return 1;
    }
    nats_make_folder(folder, sizeof folder);
    nats_server_start(&server, folder);
    bench_rates(items);
    bench_wake_of_consumer(wakes);
    bench_wake_of_producer(wakes);
    nats_server_kill(&server);
    nats_remove_folder(folder);
    return 0;
}
