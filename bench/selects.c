/*
 * selects.c - four producers and four consumers, by plain gets or by selects: `make bench-select`.
 *
 *     selects KIND [ITEMS]    ITEMS of each producer
 *
 * KIND is `get`: one queue; `gets`: eight queues, each with one consumer, which takes from its two in turn; or `select`:
 * eight queues, and each consumer selects all of them. Producers put to the queues in turn. Prints the items a second.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <weir.h>

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { THREADS = 4, QUEUES = 8, CAPACITY = 1024 };

static weir_queue *queues[QUEUES];
static size_t queue_count = QUEUES, items = 100000;

struct consumer {
    size_t number;
    uint64_t sum;
};

static void must(weir_status status) {
    if (status != WEIR_OK) {
        fprintf(stderr, "selects: %s\n", weir_strerror(status));
        exit(1);
    }
}

static void *produce(void *unused) {
    for (size_t i = 1; i <= items; i++)
        must(weir_queue_put(queues[i % queue_count], (void *)(uintptr_t)i));
    return unused;
}

static void take(struct consumer *consumer, weir_queue *queue, const void *item) {
    consumer->sum += (uintptr_t)item;
    must(weir_queue_task_done(queue));
}

/* Takes from one queue, or from two in turn, until they are closed. */
static void *get(void *raw) {
    struct consumer *consumer = raw;
    size_t first = queue_count == 1 ? 0 : consumer->number * 2, step = queue_count == 1 ? 0 : 1;
    void *item;
    for (size_t turn = 0;; turn ^= step) {
        weir_status status = weir_queue_get(queues[first + turn], &item);
        if (status == WEIR_CLOSED && turn == step)
            return NULL;
        if (status != WEIR_CLOSED)
            take(consumer, queues[first + turn], item);
    }
}

static void *select_all(void *raw) {
    struct consumer *consumer = raw;
    weir_case cases[QUEUES];
    size_t open = QUEUES, which;
    for (size_t i = 0; i < QUEUES; i++)
        cases[i] = (weir_case){.kind = WEIR_CASE_GET, .queue = queues[i]};
    while (open > 0) {
        must(weir_select(cases, QUEUES, WEIR_NEVER, &which));
        if (cases[which].status == WEIR_CLOSED) {
            cases[which].queue = NULL;
            open--;
        } else {
            take(consumer, cases[which].queue, cases[which].item);
        }
    }
    return NULL;
}

static double seconds(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* Returns the time of a run. */
static double run(void *(*consume)(void *)) {
    pthread_t producers[THREADS], consumers[THREADS];
    struct consumer state[THREADS] = {{0, 0}};
    uint64_t sum = 0;
    double begin = seconds();
    for (size_t i = 0; i < THREADS; i++) {
        state[i].number = i;
        if (pthread_create(&consumers[i], NULL, consume, &state[i]) != 0 ||
            pthread_create(&producers[i], NULL, produce, NULL) != 0)
            exit(1);
    }
    for (size_t i = 0; i < THREADS; i++)
        pthread_join(producers[i], NULL);
    for (size_t i = 0; i < queue_count; i++)
        must(weir_queue_shutdown(queues[i], WEIR_DRAIN));
    for (size_t i = 0; i < THREADS; i++) {
        pthread_join(consumers[i], NULL);
        sum += state[i].sum;
    }
    double time = seconds() - begin;
    if (sum != (uint64_t)THREADS * items * (items + 1) / 2) {
        fprintf(stderr, "selects: items are lost\n");
        exit(1);
    }
    return time;
}

int main(int argc, char **argv) {
    const char *kind = argc > 1 ? argv[1] : "";
    if (argc > 2)
        items = strtoul(argv[2], NULL, 10);
    bool selects = strcmp(kind, "select") == 0;
    if ((!selects && strcmp(kind, "get") != 0 && strcmp(kind, "gets") != 0) || items == 0) {
        fprintf(stderr, "usage: selects get|gets|select [ITEMS]\n");
        return 2;
    }
    if (strcmp(kind, "get") == 0)
        queue_count = 1;
    for (size_t i = 0; i < queue_count; i++)
        must(weir_queue_create(&queues[i], CAPACITY));
    printf("%.0f\n", (double)THREADS * (double)items / run(selects ? select_all : get));
    for (size_t i = 0; i < queue_count; i++)
        must(weir_queue_destroy(queues[i]));
    return 0;
}
