/*
 * byte_budget.c - a source and a byte budget: items of very different sizes, and a bound on memory in flight.
 *
 *     source -> load (4 threads) -> store (on the crew, one call at a time)
 *
 * The source produces 200 items of 1 to 100 megabytes, about 10 gigabytes in all. Loading them is faster than storing
 * them. A limit in items must assume the largest item; max_bytes admits as many as fit. An item counts from
 * its emit by the source until it has left the pipeline, whatever it became in between. Therefore the source emits
 * only the size of an item, and a later stage, within the budget, allocates its memory.
 *
 * The argument is the size of a "megabyte", by default 10000 bytes; `byte_budget 1000000` really moves 10 GB. All
 * memory is written, read and counted by this program, independently of the library. With 10000 it prints (the peak
 * varies):
 *
 *     items: 200, of 1 to 100 megabytes of 10000 bytes
 *     in all: 101000000
 *     budget: 2500000
 *     peak: 2490000
 *
 * usage: byte_budget [BYTES]
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <weir.h>

#include <errno.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ITEMS = 200, LARGEST = 100, BUDGET = 250 };

struct item {
    size_t size;
    unsigned char *data; /* NULL until loaded */
};

/* Used by the source only: one call at a time. */
struct production {
    size_t megabyte;
    unsigned made;
};

static atomic_size_t in_flight, peak, total;

static void check(weir_status status, const char *what) {
    if (status != WEIR_OK) {
        fprintf(stderr, "byte_budget: %s: %s\n", what, weir_strerror(status));
        exit(EXIT_FAILURE);
    }
}

static void free_item(void *raw, void *arg) {
    struct item *item = raw;
    (void)arg;
    if (item->data != NULL) {
        free(item->data);
        atomic_fetch_sub(&in_flight, item->size);
    }
    free(item);
}

static uint64_t weigh(const void *raw, void *arg) {
    const struct item *item = raw;
    (void)arg;
    return item->size;
}

/* Called repeatedly until it returns WEIR_END. The emit blocks while the budget is used up. */
static int produce(weir_task *task, void *none, void *arg) {
    struct production *production = arg;
    (void)none;
    if (production->made == ITEMS)
        return WEIR_END;
    struct item *item = malloc(sizeof *item);
    if (item == NULL)
        return weir_task_fail(task, ENOMEM, "no memory for an item");
    size_t megabytes = production->made++ * 37 % LARGEST + 1; /* mixes large and small items */
    *item = (struct item){.size = megabytes * production->megabyte};
    weir_task_emit(task, item);
    return 0;
}

static void count_in(size_t size) {
    size_t now = atomic_fetch_add(&in_flight, size) + size;
    size_t before = atomic_load(&peak);
    while (before < now && !atomic_compare_exchange_weak(&peak, &before, now))
        ;
}

static int load(weir_task *task, void *raw, void *arg) {
    struct item *item = raw;
    (void)arg;
    item->data = malloc(item->size);
    if (item->data == NULL)
        return weir_task_fail(task, ENOMEM, "no memory for %zu bytes", item->size);
    count_in(item->size);
    memset(item->data, 1, item->size);
    weir_task_emit(task, item);
    return 0;
}

static void *store(void *raw, void *arg) {
    const struct item *item = raw;
    size_t sum = 0;
    for (size_t i = 0; i < item->size; i++)
        sum += item->data[i];
    atomic_fetch_add(&total, sum);
    free_item(raw, arg);
    return NULL;
}

/* Returns 0 if `text` is not a number, or one that is too large. */
static size_t parse(const char *text) {
    char *end;
    errno = 0;
    unsigned long value = strtoul(text, &end, 10);
    return *text >= '0' && *text <= '9' && *end == '\0' && errno == 0 && value <= SIZE_MAX / 65536 ? value : 0;
}

int main(int argc, char **argv) {
    struct production production = {.megabyte = argc == 1 ? 10000 : argc == 2 ? parse(argv[1]) : 0};
    if (production.megabyte == 0) {
        fputs("usage: byte_budget [BYTES]\n", stderr);
        return 2;
    }
    const size_t budget = BUDGET * production.megabyte;
    const weir_pipeline_options options = {.max_bytes = budget, .weigh = weigh};
    const weir_stage_options stages[] = {
        {.name = "produce", .work.source = produce, .work.arg = &production},
        {.name = "load", .work.run = load, .threads.count = 4, .input.drop = free_item},
        {.name = "store", .work.func = store, .threads.width = 1, .input.drop = free_item},
    };
    weir_pipeline *pipeline;

    check(weir_pipeline_create(&pipeline, &options), "create a pipeline");
    for (size_t i = 0; i < sizeof stages / sizeof stages[0]; i++)
        check(weir_pipeline_add(pipeline, NULL, &stages[i]), "add a stage");
    check(weir_pipeline_start(pipeline), "start");
    check(weir_pipeline_wait(pipeline, WEIR_NEVER), "wait for the source"); /* finish would end it half-way */
    check(weir_pipeline_finish(pipeline, WEIR_NEVER, NULL), "finish");
    check(weir_pipeline_destroy(pipeline), "destroy the pipeline");

    printf("items: %d, of 1 to %d megabytes of %zu bytes\n", ITEMS, LARGEST, production.megabyte);
    printf("in all: %zu\n", atomic_load(&total));
    printf("budget: %zu\npeak: %zu\n", budget, atomic_load(&peak));
    return EXIT_SUCCESS;
}
