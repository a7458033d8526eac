/*
 * statistics.c - mean, median, deviation, minimum and maximum of 20 chunks of numbers.
 *
 * It reads numbers from standard input and cuts them into 20 chunks of equal length; each chunk is a task, which sorts
 * its numbers. The deviation is that of a sample. Numbers that are left over at the end are not used.
 *
 *     $ seq 1 1000000 | ./statistics
 *     chunk 1: mean 25000.5 median 25000.5 deviation 14433.9 minimum 1 maximum 50000
 *     ...
 *     time: 0.063 s sequential, 0.033 s on the executor, ratio 1.9
 *
 * cc -O2 statistics.c -o statistics $(pkg-config --cflags --libs weir) -lm
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L
#include <weir.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { CHUNKS = 20 };

struct chunk {
    double *numbers; /* sorted by its task */
    size_t count;
    double mean, median, deviation, minimum, maximum;
};

static void check(weir_status status, const char *what) {
    if (status != WEIR_OK) {
        fprintf(stderr, "statistics: %s: %s\n", what, weir_strerror(status));
        exit(EXIT_FAILURE);
    }
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static int compare(const void *a, const void *b) {
    double left = *(const double *)a, right = *(const double *)b;
    return (left > right) - (left < right);
}

static void describe(struct chunk *chunk) {
    size_t count = chunk->count;
    double sum = 0, squares = 0;
    qsort(chunk->numbers, count, sizeof *chunk->numbers, compare);
    for (size_t i = 0; i < count; i++)
        sum += chunk->numbers[i];
    chunk->mean = sum / (double)count;
    for (size_t i = 0; i < count; i++)
        squares += (chunk->numbers[i] - chunk->mean) * (chunk->numbers[i] - chunk->mean);
    chunk->deviation = sqrt(squares / (double)(count - 1));
    chunk->median = (chunk->numbers[(count - 1) / 2] + chunk->numbers[count / 2]) / 2;
    chunk->minimum = chunk->numbers[0];
    chunk->maximum = chunk->numbers[count - 1];
}

/* The task. The result is in the chunk, which nothing else uses until the task has ended. */
static int describe_chunk(weir_future *self, void *chunk, void **value) {
    (void)self, (void)value;
    describe(chunk);
    return 0;
}

static void describe_at_once(struct chunk *chunks) {
    weir_executor *executor;
    const weir_map_options options = {.arg_size = sizeof *chunks};
    check(weir_executor_create(&executor, NULL), "create"); /* a thread for each processor */
    check(weir_executor_map(executor, describe_chunk, chunks, CHUNKS, &options, NULL, NULL), "map");
    check(weir_executor_destroy(executor), "destroy");
}

/* Reads all numbers, at least two for each chunk. */
static double *read_numbers(size_t *count) {
    size_t room = 0;
    double *numbers = NULL, number;
    for (*count = 0; scanf("%lf", &number) == 1; numbers[(*count)++] = number) {
        if (*count < room)
            continue;
        room = room == 0 ? 1024 : 2 * room;
        numbers = realloc(numbers, room * sizeof *numbers);
        if (numbers == NULL)
            check(WEIR_NOMEM, "read");
    }
    if (*count < 2 * CHUNKS) {
        fprintf(stderr, "statistics: fewer than %d numbers on standard input\n", 2 * CHUNKS);
        exit(EXIT_FAILURE);
    }
    return numbers;
}

static void cut(struct chunk *chunks, double *numbers, size_t count) {
    for (size_t i = 0; i < CHUNKS; i++)
        chunks[i] = (struct chunk){.numbers = numbers + i * (count / CHUNKS), .count = count / CHUNKS};
}

int main(void) {
    struct chunk sequential[CHUNKS], at_once[CHUNKS];
    size_t count;
    double *numbers = read_numbers(&count);
    double *copy = malloc(count * sizeof *copy);
    if (copy == NULL)
        check(WEIR_NOMEM, "copy");
    memcpy(copy, numbers, count * sizeof *copy);
    cut(sequential, numbers, count);
    cut(at_once, copy, count);

    double start = now();
    for (int i = 0; i < CHUNKS; i++)
        describe(&sequential[i]);
    double middle = now();
    describe_at_once(at_once);
    double end = now();

    int different = 0;
    for (int i = 0; i < CHUNKS; i++) {
        const struct chunk *chunk = &at_once[i];
        printf("chunk %d: mean %.12g median %.12g deviation %.12g minimum %.12g maximum %.12g\n", i + 1, chunk->mean,
               chunk->median, chunk->deviation, chunk->minimum, chunk->maximum);
        different += chunk->mean != sequential[i].mean || chunk->median != sequential[i].median ||
                     chunk->deviation != sequential[i].deviation;
    }
    printf("time: %.3f s sequential, %.3f s on the executor, ratio %.1f\n", middle - start, end - middle,
           (middle - start) / (end - middle));
    free(numbers);
    free(copy);
    return different == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
