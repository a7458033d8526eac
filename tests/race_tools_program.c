/*
 * race_tools_program.c - a user's program for race_tools.sh: handles NUMBER items correctly or, with a second
 * argument, with a data race.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <weir.h>

#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

struct number {
    long value;
};

static long last;         /* racing: accessed by two threads without an order */
static atomic_bool added; /* racing: a worker has accessed it; relaxed, so this orders nothing */
static int racing;
static long count;

static void *twice(void *item, void *arg) {
    (void)arg;
    if (racing && ((struct number *)item)->value == count - 1) {
        last++;
        atomic_store_explicit(&added, true, memory_order_relaxed);
    }
    ((struct number *)item)->value *= 2;
    return item;
}

static void *add(void *item, void *sum) {
    *(long *)sum += ((struct number *)item)->value;
    free(item);
    return NULL;
}

static int put_numbers(weir_pipeline *pipeline) {
    for (long i = 0; i < count; i++) {
        struct number *number = malloc(sizeof *number);
        if (number == NULL)
            return 0;
        number->value = i;
        if (weir_pipeline_put(pipeline, number) != WEIR_OK)
            return 0;
    }
    if (racing)
        last++;
    while (racing && !atomic_load_explicit(&added, memory_order_relaxed)) /* no call orders the two accesses before */
        nanosleep(&(struct timespec){.tv_nsec = 1000000}, NULL);
    return 1;
}

/* The numbers are safe to read because the queue was joined. */
static long join_numbers(void) {
    static struct number numbers[100];
    weir_queue *queue = NULL;
    weir_threads *threads = NULL;
    long sum = 0;
    if (weir_queue_create(&queue, 10) || weir_start_threads(&threads, 2, twice, NULL, queue, NULL))
        return -1;
    for (int i = 0; i < 100; i++) {
        numbers[i].value = i;
        if (weir_queue_put(queue, &numbers[i]) != WEIR_OK)
            return -1;
    }
    if (weir_queue_join(queue) != WEIR_OK)
        return -1;
    for (int i = 0; i < 100; i++)
        sum += numbers[i].value;
    if (weir_stop_threads(queue, threads) || weir_queue_destroy(queue))
        return -1;
    return sum;
}

int main(int argc, char **argv) {
    racing = argc > 2;
    count = argc > 1 ? atol(argv[1]) : 0;
    long sum = 0;
    const weir_stage_options stages[] = {{.name = "twice", .work.func = twice, .threads.count = 2},
                                         {.name = "add", .work.func = add, .threads.count = 1, .work.arg = &sum}};
    weir_pipeline *pipeline = NULL;
    if (weir_pipeline_create(&pipeline, NULL) || weir_pipeline_add(pipeline, NULL, &stages[0]) ||
        weir_pipeline_add(pipeline, NULL, &stages[1]) || weir_pipeline_start(pipeline) || !put_numbers(pipeline) ||
        weir_pipeline_finish(pipeline, WEIR_NEVER, NULL) || weir_pipeline_destroy(pipeline))
        return 2;
    printf("%ld\n", sum);
    return sum != count * (count - 1) || join_numbers() != 9900;
}
