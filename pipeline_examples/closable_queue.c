/*
 * closable_queue.c - the textbook program: three stages of worker threads with queues between them.
 *
 *     download (3 threads) -> resize (4 threads) -> upload (5 threads) -> done
 *
 * The functions here only pass their item on; image_pipeline/ is the same program with real work. The stages are
 * stopped in order: when weir_stop_threads returns, all results of that stage are in the next queue.
 *
 * usage: closable_queue [--items N] [--capacity K]
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <weir.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STAGES = 3 };

static void *download(void *item, void *arg) {
    (void)arg;
    return item;
}

static void *resize(void *item, void *arg) {
    (void)arg;
    return item;
}

static void *upload(void *item, void *arg) {
    (void)arg;
    return item;
}

static const struct {
    size_t threads;
    weir_worker_func *func;
} stages[STAGES] = {{3, download}, {4, resize}, {5, upload}};

static void check(weir_status status, const char *what) {
    if (status != WEIR_OK) {
        fprintf(stderr, "closable_queue: %s: %s\n", what, weir_strerror(status));
        exit(EXIT_FAILURE);
    }
}

/* queues[i] is the input of stage i; queues[STAGES] is the output of the last stage. */
static void run(size_t items, size_t capacity) {
    weir_queue *queues[STAGES + 1];
    weir_threads *threads[STAGES];

    for (int i = 0; i < STAGES; i++)
        check(weir_queue_create(&queues[i], capacity), "create a queue");
    check(weir_queue_create(&queues[STAGES], WEIR_UNBOUNDED), "create the last queue"); /* read only at the end */
    for (int i = 0; i < STAGES; i++)
        check(weir_start_threads(&threads[i], stages[i].threads, stages[i].func, NULL, queues[i], queues[i + 1]),
              "start a stage");

    for (size_t i = 0; i < items; i++)
        check(weir_queue_put(queues[0], NULL), "put an item");
    for (int i = 0; i < STAGES; i++)
        check(weir_stop_threads(queues[i], threads[i]), "stop a stage");

    printf("%zu items finished\n", weir_queue_size(queues[STAGES]));
    for (int i = 0; i <= STAGES; i++)
        check(weir_queue_destroy(queues[i]), "destroy a queue");
}

static int usage(void) {
    fputs("usage: closable_queue [--items N] [--capacity K]\n", stderr);
    return 2;
}

/* Reads a number of at least `least`. Returns false if `text` is not one. */
static int parse(const char *text, size_t least, size_t *number) {
    char *end;
    errno = 0;
    unsigned long value = strtoul(text, &end, 10);
    *number = value;
    return *text >= '0' && *text <= '9' && *end == '\0' && errno == 0 && value >= least;
}

int main(int argc, char **argv) {
    size_t items = 1000, capacity = 64;
    for (int i = 1; i < argc; i += 2) {
        if (i + 1 == argc)
            return usage();
        if (strcmp(argv[i], "--items") == 0 && parse(argv[i + 1], 0, &items))
            continue;
        if (strcmp(argv[i], "--capacity") == 0 && parse(argv[i + 1], 1, &capacity))
            continue;
        return usage();
    }
    run(items, capacity);
    return EXIT_SUCCESS;
}
