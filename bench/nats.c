/*
 * nats.c - a queue on a server of NATS, with one replica and items of 100 bytes: `make bench-nats`.
 *
 *     nats [ITEMS [WAKES [KILLS]]]
 *
 * Starts a server, and prints the items a second of single puts, beside those of js_PublishMsg of libnats, of
 * weir_nats_put_many and of a source with a window of 100; how long a waiting consumer and a waiting producer take to
 * wake; and when the item of a killed worker came to another one. With the bars.
 *
 * A worker that is killed is this program again, started with the argument "worker".
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "../tests/nats_server.h"

#include <inttypes.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <nats/nats.h>
#include <weir.h>
#include <weir/nats.h>

enum { SIZE = 100, MANY = 1000, WINDOW = 100, WAKES_MOST = 100000, ROUNDS = 101 };

#define ACK_WAIT WEIR_SECOND

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

static weir_nats *open_at(const char *url, const char *name, size_t capacity) {
    weir_nats_config config = {.urls = url, .name = name, .capacity = capacity, .window = WINDOW, .ack_wait = ACK_WAIT};
    weir_nats *nats = NULL;
    must(weir_nats_open(&nats, &config));
    return nats;
}

static weir_nats *open_queue(const char *name, size_t capacity) {
    return open_at(server.url, name, capacity);
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

static weir_pipeline *start_with(weir_nats *nats, weir_task_func *run) {
    weir_pipeline *pipeline = NULL;
    weir_pipeline_options options = {0};
    weir_stage_options from = {.name = "from"}, to = {.name = "to", .work = {.run = run}};
    must(weir_nats_source(nats, &from, &options));
    must(weir_pipeline_create(&pipeline, &options));
    must(weir_pipeline_add(pipeline, NULL, &from));
    must(weir_pipeline_add(pipeline, NULL, &to));
    atomic_store(&taken, 0);
    must(weir_pipeline_start(pipeline));
    return pipeline;
}

static weir_pipeline *start_taker(weir_nats *nats) {
    return start_with(nats, take);
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

static double per_second(size_t items, uint64_t nanoseconds) {
    return (double)items / ((double)nanoseconds / 1e9);
}

static void print_rate(const char *what, size_t items, uint64_t begin, double bar) {
    printf("%-28s %9.0f items/s   (bar %.0f)\n", what, per_second(items, now() - begin), bar);
    fflush(stdout);
}

/* ---- single puts, and the same by libnats alone ---- */

struct peer {
    natsConnection *connection;
    jsCtx *js;
    uint64_t puts;
};

static void must_of_peer(natsStatus status) {
    if (status == NATS_OK)
        return;
    fprintf(stderr, "nats: libnats: %s\n", natsStatus_GetText(status));
    nats_server_kill(&server);
    exit(1);
}

static void open_peer(struct peer *peer) {
    must_of_peer(natsConnection_ConnectTo(&peer->connection, server.url));
    must_of_peer(natsConnection_JetStream(&peer->js, peer->connection, NULL));
}

static void close_peer(struct peer *peer) {
    jsCtx_Destroy(peer->js);
    natsConnection_Destroy(peer->connection);
}

/* The same message: subject, size and identity. */
static void put_by_peer(struct peer *peer) {
    char item[SIZE], identity[64];
    natsMsg *message = NULL;
    jsPubOptions options;
    jsPubOptions_Init(&options);
    snprintf(identity, sizeof identity, "_INBOX.peer.0123456789.%" PRIu64, peer->puts++);
    options.MsgId = identity;
    memset(item, 'x', SIZE);
    must_of_peer(natsMsg_Create(&message, "weir.puts.item.0", NULL, item, SIZE));
    must_of_peer(js_PublishMsg(NULL, peer->js, message, &options, NULL));
    natsMsg_Destroy(message);
}

static int by_size(const void *a, const void *b) {
    uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
    return x < y ? -1 : x > y;
}

/* In turn, in many short rounds, so that other load meets both. The medians are printed. */
static void bench_puts(size_t items) {
    weir_nats *nats = open_queue("puts", WEIR_UNBOUNDED);
    struct peer peer = {0};
    uint64_t ours[ROUNDS], theirs[ROUNDS];
    size_t each = items / ROUNDS + 1;
    open_peer(&peer);
    for (size_t round = 0; round < ROUNDS; round++) {
        uint64_t begin = now();
        for (size_t i = 0; i < each; i++)
            must(weir_nats_put(nats, new_item(), WEIR_NEVER));
        uint64_t middle = now();
        for (size_t i = 0; i < each; i++)
            put_by_peer(&peer);
        ours[round] = middle - begin;
        theirs[round] = now() - middle;
    }
    qsort(ours, ROUNDS, sizeof *ours, by_size);
    qsort(theirs, ROUNDS, sizeof *theirs, by_size);
    printf("%-28s %9.0f items/s   (bar 8000); js_PublishMsg of libnats: %.0f items/s, ratio %.2f\n", "put",
           per_second(each, ours[ROUNDS / 2]), per_second(each, theirs[ROUNDS / 2]),
           (double)theirs[ROUNDS / 2] / (double)ours[ROUNDS / 2]);
    fflush(stdout);
    close_peer(&peer);
    must(weir_nats_destroy(nats));
}

/* ---- many puts, and a source ---- */

static void bench_rates(size_t items) {
    weir_nats *nats = open_queue("rates", WEIR_UNBOUNDED);
    uint64_t begin = now();
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
    wait_for(items);
    print_rate("taken with a window of 100", items, begin, 25000);
    end_taker(pipeline);
    must(weir_nats_destroy(nats));
}

/* ---- wakes ---- */

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

/* ---- a dead worker ---- */

/* Takes an item, tells so, and holds it until it is killed. */
static int hold(weir_task *task, void *item, void *arg) {
    (void)item;
    (void)arg;
    if (write(STDOUT_FILENO, "x", 1) != 1)
        return 1;
    while (!weir_task_cancelled(task))
        usleep(1000);
    return WEIR_CODE(WEIR_CANCELLED);
}

static int run_worker(char **arguments) {
    weir_nats *nats = open_at(arguments[2], arguments[3], WEIR_UNBOUNDED);
    weir_pipeline *pipeline = start_with(nats, hold);
    weir_pipeline_wait(pipeline, WEIR_NEVER);
    return 1;
}

/* Returns the nanoseconds from the kill of a worker to the take of its item by another one, which waits. */
static uint64_t take_over(const char *name) {
    const char *arguments[] = {"nats", "worker", server.url, name, NULL};
    char byte;
    int output;
    weir_nats *nats = open_queue(name, WEIR_UNBOUNDED);
    pid_t worker = start_self(arguments, &output);
    must(weir_nats_put(nats, new_item(), WEIR_NEVER));
    if (read(output, &byte, 1) != 1)
        must(WEIR_FAILED);
    weir_pipeline *pipeline = start_with(nats, take);
    usleep(10000);
    uint64_t begin = now();
    end_process(worker);
    wait_for(1);
    uint64_t end = atomic_load(&taken_at);
    close(output);
    end_taker(pipeline);
    must(weir_nats_destroy(nats));
    return end - begin;
}

static void bench_dead_workers(size_t kills) {
    for (size_t i = 0; i < kills; i++) {
        char name[32];
        snprintf(name, sizeof name, "dead%zu", i);
        samples[i] = take_over(name);
    }
    qsort(samples, kills, sizeof *samples, by_size);
    printf("%-28s p50 %.2f s, most %.2f s, %zu kills, ack_wait %.2f s   (bar: ack_wait + 0.5 s)\n",
           "item of a killed worker", (double)samples[kills / 2] / 1e9, (double)samples[kills - 1] / 1e9, kills,
           (double)ACK_WAIT / 1e9);
}

int main(int count, char **arguments) {
    if (count == 4 && strcmp(arguments[1], "worker") == 0)
        return run_worker(arguments);
    size_t items = count > 1 ? strtoul(arguments[1], NULL, 10) / MANY * MANY : 100000;
    size_t wakes = count > 2 ? strtoul(arguments[2], NULL, 10) : 1000;
    size_t kills = count > 3 ? strtoul(arguments[3], NULL, 10) : 5;
    if (!nats_server_exists() || items == 0 || wakes == 0 || wakes > WAKES_MOST || kills == 0 || kills > WAKES_MOST) {
        fputs("nats: no nats-server, or wrong arguments\n", stderr);
        return 1;
    }
    nats_make_folder(folder, sizeof folder);
    nats_server_start(&server, folder);
    bench_puts(items / 4);
    bench_rates(items);
    bench_wake_of_consumer(wakes);
    bench_wake_of_producer(wakes);
    bench_dead_workers(kills);
    nats_server_kill(&server);
    nats_remove_folder(folder);
    return 0;
}
