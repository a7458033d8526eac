/*
 * factors.c - the factors of numbers, by trial division on all processors.
 *
 * The candidates for each number are cut into ranges, and each range is a task. (With a task for each number, one
 * processor would work on the largest number alone.) weir_executor_map collects the results in the order of the
 * tasks, so the factors are in ascending order. It prints (the times vary):
 *
 *     53541233: 1 5501 9733 53541233
 *     21235343: 1 21235343
 *     11421443: 1 11 383 2711 4213 29821 1038313 11421443
 *     5423123: 1 5423123
 *     time: 0.406 s sequential, 0.208 s on the executor, ratio 1.95
 *
 * cc -O2 factors.c -o factors $(pkg-config --cflags --libs weir)
 *
 * usage: factors [NUMBER...]
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L
#include <weir.h>

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { RANGE = 1000000, MOST_FACTORS = 1536 /* of a number of 32 bits */, MOST_NUMBERS = 16 };

/* The argument of a task: candidates for one number. */
struct range {
    uint32_t number, first, last;
    struct factors *factors; /* of the number; written by the collecting thread only */
};

struct factors {
    size_t count;
    uint32_t factor[MOST_FACTORS];
};

static void check(weir_status status, const char *what) {
    if (status != WEIR_OK) {
        fprintf(stderr, "factors: %s: %s\n", what, weir_strerror(status));
        exit(EXIT_FAILURE);
    }
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* Appends the factors of `number` from `first` to `last`, which is at least `first`. */
static void divide(uint32_t number, uint32_t first, uint32_t last, struct factors *factors) {
    for (uint32_t i = 0; i <= last - first; i++)
        if (number % (first + i) == 0)
            factors->factor[factors->count++] = first + i;
}

/* The task. Its value is NULL if the range has no factor. */
static int divide_range(weir_future *self, void *arg, void **value) {
    const struct range *range = arg;
    struct factors found = {.count = 0};
    divide(range->number, range->first, range->last, &found);
    *value = NULL;
    if (found.count == 0)
        return 0;
    struct factors *copy = malloc(sizeof *copy);
    if (copy == NULL)
        return weir_executor_error(self, 1, "no memory for the factors of %lu", (unsigned long)range->number);
    *copy = found;
    *value = copy;
    return 0;
}

/* Called in the thread that calls map, for each task in order. */
static bool collect(size_t index, weir_future *future, void *arg) {
    const struct range *ranges = arg;
    struct factors *to = ranges[index].factors;
    void *value;
    check(weir_future_take(future, &value), weir_future_message(future));
    if (value != NULL) {
        const struct factors *found = value;
        memcpy(to->factor + to->count, found->factor, found->count * sizeof found->factor[0]);
        to->count += found->count;
        free(value);
    }
    return true;
}

/* Cuts the candidates for all numbers into ranges. The caller frees them. */
static struct range *cut(const uint32_t *numbers, size_t count, struct factors *factors, size_t *ranges_count) {
    size_t made = 0, needed = 0;
    for (size_t i = 0; i < count; i++)
        needed += numbers[i] / RANGE + 1;
    struct range *ranges = malloc(needed * sizeof *ranges);
    if (ranges == NULL)
        check(WEIR_NOMEM, "cut");
    for (size_t i = 0; i < count; i++) {
        for (uint32_t before = 0; before < numbers[i]; before = ranges[made - 1].last) {
            uint32_t left = numbers[i] - before;
            ranges[made++] =
                (struct range){numbers[i], before + 1, before + (left < RANGE ? left : RANGE), &factors[i]};
        }
    }
    *ranges_count = made;
    return ranges;
}

static void divide_at_once(const uint32_t *numbers, size_t count, struct factors *factors) {
    size_t length;
    struct range *ranges = cut(numbers, count, factors, &length);
    const weir_map_options options = {.arg_size = sizeof *ranges};
    weir_executor *executor;
    check(weir_executor_create(&executor, NULL), "create"); /* a thread for each processor */
    check(weir_executor_map(executor, divide_range, ranges, length, &options, collect, ranges), "map");
    check(weir_executor_destroy(executor), "destroy");
    free(ranges);
}

static bool print(const uint32_t *numbers, size_t count, const struct factors *sequential,
                  const struct factors *at_once) {
    bool equal = true;
    for (size_t i = 0; i < count; i++) {
        size_t found = at_once[i].count;
        printf("%lu:", (unsigned long)numbers[i]);
        for (size_t j = 0; j < found; j++)
            printf(" %lu", (unsigned long)at_once[i].factor[j]);
        printf("\n");
        equal = equal && sequential[i].count == found &&
                memcmp(sequential[i].factor, at_once[i].factor, found * sizeof(uint32_t)) == 0;
    }
    return equal;
}

/* Stores the numbers, and returns how many. Ends the program if one is not from 1 to 4294967295. */
static size_t read_numbers(int argc, char **argv, uint32_t *numbers) {
    for (int i = 1; i < argc; i++) {
        char *end;
        unsigned long long number = strtoull(argv[i], &end, 10);
        if (i > MOST_NUMBERS || *end != '\0' || number < 1 || number > UINT32_MAX) {
            fprintf(stderr, "usage: factors [NUMBER...], %d at most, from 1 to 4294967295\n", MOST_NUMBERS);
            exit(2);
        }
        numbers[i - 1] = (uint32_t)number;
    }
    return (size_t)argc - 1;
}

int main(int argc, char **argv) {
    static struct factors sequential[MOST_NUMBERS], at_once[MOST_NUMBERS];
    uint32_t numbers[MOST_NUMBERS] = {53541233, 21235343, 11421443, 5423123};
    size_t count = argc > 1 ? read_numbers(argc, argv, numbers) : 4;

    double start = now();
    for (size_t i = 0; i < count; i++)
        divide(numbers[i], 1, numbers[i], &sequential[i]);
    double middle = now();
    divide_at_once(numbers, count, at_once);
    double end = now();
    bool equal = print(numbers, count, sequential, at_once);
    printf("time: %.3f s sequential, %.3f s on the executor, ratio %.2f\n", middle - start, end - middle,
           (middle - start) / (end - middle));
    return equal ? EXIT_SUCCESS : EXIT_FAILURE;
}
