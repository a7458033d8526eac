/*
 * operations.c - what an operation costs over a function that returns: ns an item in a stage of one thread.
 *
 *     operations ITEMS RUNS
 *
 *   returns  the function emits its item and returns
 *   inside   it detaches, and finishes the operation before it returns
 *   next     the next call finishes it, in the same thread
 *   wait     the thread finishes it in its own wait (work.wait)
 *   other    another thread finishes it
 *
 * Prints the median of RUNS for each: the time, and the processor time of all threads.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <weir.h>

#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { IN_FLIGHT = 64, MOST_RUNS = 99 };

static weir_pipeline *pipeline;
static weir_queue *started; /* operations for the other thread, and their items */
static weir_operation previous;
static weir_operation operations[IN_FLIGHT * 4];
static size_t at;

static void must(weir_status status) {
    if (status == WEIR_OK)
        return;
    (void)fprintf(stderr, "operations: %s\n", weir_strerror(status));
    exit(EXIT_FAILURE);
}

static void finish(weir_operation operation) {
    must(weir_operation_emit(pipeline, operation, pipeline));
    must(weir_operation_finish(pipeline, operation, 0));
}

static int return_it(weir_task *task, void *item, void *unused) {
    (void)unused;
    weir_task_emit(task, item);
    return 0;
}

static int finish_inside(weir_task *task, void *item, void *unused) {
    weir_operation operation;
    (void)item;
    (void)unused;
    must(weir_task_detach(task, &operation));
    finish(operation);
    return WEIR_PENDING;
}

/* A NULL item only finishes the last operation. */
static int finish_previous(weir_task *task, void *item, void *unused) {
    weir_operation last = previous;
    (void)unused;
    if (item != NULL)
        must(weir_task_detach(task, &previous));
    if (last != 0)
        finish(last);
    if (item != NULL)
        return WEIR_PENDING;
    previous = 0;
    return 0;
}

static weir_operation begun[IN_FLIGHT];
static size_t begun_count;

static int begin(weir_task *task, void *item, void *unused) {
    (void)item;
    (void)unused;
    must(weir_task_detach(task, &begun[begun_count++]));
    return WEIR_PENDING;
}

static void finish_in_wait(int fd, weir_deadline deadline, void *unused) {
    struct pollfd polled = {.fd = fd, .events = POLLIN};
    (void)unused;
    if (begun_count == 0)
        (void)poll(&polled, 1, deadline == 0 ? 0 : -1);
    while (begun_count > 0)
        finish(begun[--begun_count]);
}

/* The queue is no longer than in_flight: a place of the array is not used again too early. */
static int hand_over(weir_task *task, void *item, void *unused) {
    weir_operation *operation = &operations[at++ % (sizeof operations / sizeof *operations)];
    (void)item;
    (void)unused;
    must(weir_task_detach(task, operation));
    must(weir_queue_put(started, operation));
    return WEIR_PENDING;
}

static void *finish_each(void *unused) {
    void *operation;
    while (weir_queue_get(started, &operation) == WEIR_OK)
        finish(*(weir_operation *)operation);
    return unused;
}

static double seconds(clockid_t clock) {
    struct timespec now;
    (void)clock_gettime(clock, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

struct cost {
    double wall, processor; /* ns an item */
};

static struct cost measure(weir_task_func *run, size_t items) {
    const weir_stage_options stage = {
        .name = "run",
        .work = {.run = run, .wait = run == begin ? finish_in_wait : NULL},
        .threads.count = 1,
        .limits.in_flight = run == return_it ? 0 : IN_FLIGHT,
    };
    must(weir_pipeline_create(&pipeline, NULL));
    must(weir_pipeline_add(pipeline, NULL, &stage));
    must(weir_pipeline_start(pipeline));
    double wall = seconds(CLOCK_MONOTONIC), processor = seconds(CLOCK_PROCESS_CPUTIME_ID);
    for (size_t i = 0; i < items; i++)
        must(weir_pipeline_put(pipeline, pipeline));
    if (run == finish_previous)
        must(weir_pipeline_put(pipeline, NULL));
    must(weir_pipeline_finish(pipeline, WEIR_NEVER, NULL));
    wall = seconds(CLOCK_MONOTONIC) - wall;
    processor = seconds(CLOCK_PROCESS_CPUTIME_ID) - processor;
    must(weir_pipeline_destroy(pipeline));
    return (struct cost){wall * 1e9 / (double)items, processor * 1e9 / (double)items};
}

static int compare(const void *a, const void *b) {
    double first = ((const struct cost *)a)->wall, second = ((const struct cost *)b)->wall;
    return (first > second) - (first < second);
}

int main(int argc, char **argv) {
    static const struct {
        const char *name;
        weir_task_func *run;
    } kinds[] = {{"returns", return_it},
                 {"inside", finish_inside},
                 {"next", finish_previous},
                 {"wait", begin},
                 {"other", hand_over}};
    enum { KINDS = sizeof kinds / sizeof *kinds };
    static struct cost costs[KINDS][MOST_RUNS];
    size_t items = argc > 1 ? strtoul(argv[1], NULL, 10) : 200000, runs = argc > 2 ? strtoul(argv[2], NULL, 10) : 5;
    pthread_t other;
    runs = runs < 1 ? 1 : runs > MOST_RUNS ? MOST_RUNS : runs;
    must(weir_queue_create(&started, IN_FLIGHT));
    if (items == 0 || pthread_create(&other, NULL, finish_each, NULL) != 0)
        return EXIT_FAILURE;
    for (size_t run = 0; run < runs; run++)
        for (size_t kind = 0; kind < KINDS; kind++)
            costs[kind][run] = measure(kinds[kind].run, items);
    must(weir_queue_close(started));
    (void)pthread_join(other, NULL);
    must(weir_queue_destroy(started));
    printf("%-8s %10s %18s\n", "ends", "ns an item", "of processors");
    for (size_t kind = 0; kind < KINDS; kind++) {
        qsort(costs[kind], runs, sizeof costs[kind][0], compare);
        printf("%-8s %10.0f %18.0f\n", kinds[kind].name, costs[kind][runs / 2].wall, costs[kind][runs / 2].processor);
    }
    return EXIT_SUCCESS;
}
