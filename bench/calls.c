/*
 * calls.c - makes one kind of call many times on a queue without other users, or runs items through a declared stage,
 * for instructions.sh to count.
 *
 *     calls KIND COUNT MOST        COUNT calls (for the *_many kinds: as many as COUNT items need)
 *
 * MOST is the queue's capacity. If the kind needs that, MOST items are put, or put and got, beforehand. Two runs that
 * differ only in COUNT therefore differ only in these calls, and in the loop around them. The kind `loop` is that
 * loop alone.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <weir.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { AT_ONCE = 32 };

static weir_queue *queue;

static void must(weir_status status) {
    if (status != WEIR_OK) {
        fprintf(stderr, "calls: %s\n", weir_strerror(status));
        exit(1);
    }
}

static void no_call(size_t count) {
    for (volatile size_t i = 0; i < count; i++)
        must(WEIR_OK);
}

static void put(size_t count) {
    for (volatile size_t i = 0; i < count; i++)
        must(weir_queue_put(queue, &queue));
}

static void get(size_t count) {
    void *item;
    for (volatile size_t i = 0; i < count; i++)
        must(weir_queue_get(queue, &item));
}

static void task_done(size_t count) {
    for (volatile size_t i = 0; i < count; i++)
        must(weir_queue_task_done(queue));
}

/* Makes the three calls that an item between two threads needs, in one thread. */
static void round_trip(size_t count) {
    void *item;
    for (volatile size_t i = 0; i < count; i++) {
        must(weir_queue_put(queue, &queue));
        must(weir_queue_get(queue, &item));
        must(weir_queue_task_done(queue));
    }
}

static void cursor_next(size_t count) {
    weir_queue_cursor cursor = WEIR_QUEUE_CURSOR(queue);
    void *item;
    for (volatile size_t i = 0; i < count; i++)
        must(weir_queue_cursor_next(&cursor, &item));
}

static void put_many(size_t count) {
    void *items[AT_ONCE] = {0};
    size_t done;
    for (volatile size_t i = 0; i < count; i += AT_ONCE)
        must(weir_queue_put_many(queue, items, AT_ONCE, &done));
}

static void get_many(size_t count) {
    void *items[AT_ONCE];
    size_t done;
    for (volatile size_t i = 0; i < count; i += AT_ONCE)
        must(weir_queue_get_many(queue, items, AT_ONCE, &done));
}

static void tasks_done(size_t count) {
    for (volatile size_t i = 0; i < count; i += AT_ONCE)
        must(weir_queue_tasks_done(queue, AT_ONCE));
}

/* A function that takes about a microsecond. */
static void *work(void *item, void *unused) {
    (void)unused;
    for (volatile int i = 0; i < 300; i++)
        ;
    return item;
}

static void work_alone(size_t count) {
    for (volatile size_t i = 0; i < count; i++)
        (void)work(NULL, NULL);
}

/* Puts items into a declared stage; with a limit, they travel in envelopes. */
static void run_declared(size_t count, size_t max_items) {
    weir_pipeline *pipeline;
    must(weir_pipeline_create(&pipeline, &(weir_pipeline_options){.max_items = max_items}));
    must(weir_pipeline_add(
        pipeline, NULL,
        &(weir_stage_options){.name = "work", .work.func = work, .threads.count = 1, .input.capacity = 1024}));
    must(weir_pipeline_start(pipeline));
    for (size_t i = 0; i < count; i++)
        must(weir_pipeline_put(pipeline, NULL));
    must(weir_pipeline_finish(pipeline, WEIR_NEVER, NULL));
    must(weir_pipeline_destroy(pipeline));
}

static void declared(size_t count) {
    run_declared(count, 0);
}

static void enveloped(size_t count) {
    run_declared(count, 2048);
}

enum before { NOTHING, PUT, PUT_AND_GOT };

static const struct kind {
    const char *name;
    enum before before;
    void (*run)(size_t count);
} kinds[] = {
    {"loop", NOTHING, no_call},
    {"put", NOTHING, put},
    {"get", PUT, get},
    {"task_done", PUT_AND_GOT, task_done},
    {"put+get+task_done", NOTHING, round_trip},
    {"cursor_next", PUT, cursor_next},
    {"put_many", NOTHING, put_many},
    {"get_many", PUT, get_many},
    {"tasks_done", PUT_AND_GOT, tasks_done},
    {"work", NOTHING, work_alone},
    {"declared", NOTHING, declared},
    {"enveloped", NOTHING, enveloped},
};

int main(int argc, char **argv) {
    if (argc != 4) {
        fputs("usage: calls KIND COUNT MOST\n", stderr);
        return 1;
    }
    size_t count = strtoul(argv[2], NULL, 10), most = strtoul(argv[3], NULL, 10);
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (strcmp(argv[1], kinds[i].name) != 0)
            continue;
        must(weir_queue_create(&queue, most));
        if (kinds[i].before != NOTHING)
            put(most);
        if (kinds[i].before == PUT_AND_GOT)
            get(most);
        kinds[i].run(count);
        must(weir_queue_destroy(queue));
        return 0;
    }
    fprintf(stderr, "calls: no such kind: %s\n", argv[1]);
    return 1;
}
