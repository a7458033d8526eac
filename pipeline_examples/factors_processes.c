/*
 * factors_processes.c - the factors of numbers, by trial division in child processes.
 *
 * The same as factors.c, by a pipeline: with a thread for each processor, and then with a process for each. Each range of
 * candidates is an item of an ordered stage. For a process, its numbers cross to a child, and the factors cross back. With
 * --crash the function crashes there at the first attempt at each range: another child makes the second one, and the
 * output is the same. It prints (the times vary):
 *
 *     53541233: 1 5501 9733 53541233
 *     21235343: 1 21235343
 *     11421443: 1 11 383 2711 4213 29821 1038313 11421443
 *     5423123: 1 5423123
 *     time: 0.406 s sequential, 0.207 s in threads, 0.212 s in processes
 *
 * cc -O2 factors_processes.c -o factors_processes $(pkg-config --cflags --libs weir)
 *
 * usage: factors_processes [--crash] [NUMBER...]
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L
#include <weir.h>

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { RANGE = 200000, MOST_FACTORS = 1536 /* of a number of 32 bits */, MOST_NUMBERS = 16 };

/* What crosses: candidates for one number. */
struct question {
    uint32_t number, first, last;
    bool crashes;
};

/* An item. */
struct range {
    struct question question;
    struct factors *factors; /* of the number; written by the collecting thread only */
};

struct factors {
    size_t count;
    uint32_t factor[MOST_FACTORS];
};

static bool crash;

static void check(weir_status status, const char *what) {
    if (status != WEIR_OK) {
        fprintf(stderr, "factors_processes: %s: %s\n", what, weir_strerror(status));
        exit(EXIT_FAILURE);
    }
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* Stores the factors of `number` from `first` to `last`, which is at least `first`. Returns how many. */
static size_t divide(uint32_t number, uint32_t first, uint32_t last, uint32_t *factor) {
    size_t count = 0;
    for (uint32_t i = 0; i <= last - first; i++)
        if (number % (first + i) == 0)
            factor[count++] = first + i;
    return count;
}

/* ---- in a child ---- */

static int divide_range(const void *in, size_t size, weir_process_payload *out, void *unused) {
    struct question question;
    (void)unused;
    if (size != sizeof question)
        return weir_process_fail(1, "a question has %zu bytes, not %zu", sizeof question, size);
    memcpy(&question, in, size);
    if (question.crashes)
        raise(SIGSEGV);
    out->size = sizeof(uint32_t) * divide(question.number, question.first, question.last, out->data);
    return 0;
}

/* ---- in the program ---- */

static int ask(weir_task *task, const void *item, weir_process_payload *to, void *unused) {
    struct question question = ((const struct range *)item)->question;
    (void)unused;
    question.crashes = crash && weir_task_attempt(task) == 1;
    memcpy(to->data, &question, sizeof question);
    to->size = sizeof question;
    return 0;
}

/* Called by one of several threads; the results leave in the order of the ranges. */
static void emit_pair(weir_task *task, const struct range *range, struct factors *found) {
    weir_task_emit(task, found);
    weir_task_emit(task, range->factors);
}

static int emit_factors(weir_task *task, void *item, const void *from, size_t size, void *unused) {
    struct factors *found = malloc(sizeof *found);
    (void)unused;
    if (found == NULL || size > sizeof found->factor || size % sizeof(uint32_t) != 0) {
        free(found);
        return weir_task_fail(task, 1, "no memory, or a wrong answer of %zu bytes", size);
    }
    found->count = size / sizeof(uint32_t);
    memcpy(found->factor, from, size);
    emit_pair(task, item, found);
    return 0;
}

/* The same without a child. */
static int divide_here(weir_task *task, void *item, void *unused) {
    const struct question *question = &((const struct range *)item)->question;
    struct factors *found = malloc(sizeof *found);
    (void)unused;
    if (found == NULL)
        return weir_task_fail(task, 1, "no memory");
    found->count = divide(question->number, question->first, question->last, found->factor);
    emit_pair(task, item, found);
    return 0;
}

/* The results come in pairs: what was found, and where it goes. */
static void *collect(void *result, void *raw) {
    struct factors **found = raw, *to = result;
    if (*found == NULL) {
        *found = result;
        return NULL;
    }
    memcpy(to->factor + to->count, (*found)->factor, (*found)->count * sizeof(uint32_t));
    to->count += (*found)->count;
    free(*found);
    *found = NULL;
    return NULL;
}

static void put_ranges(weir_pipeline *pipeline, struct range *ranges, uint32_t number, struct factors *factors,
                       size_t *count) {
    for (uint32_t before = 0; before < number;) {
        uint32_t left = number - before, last = before + (left < RANGE ? left : RANGE);
        struct range *range = &ranges[(*count)++];
        *range = (struct range){.question = {.number = number, .first = before + 1, .last = last}, .factors = factors};
        if (weir_pipeline_put(pipeline, range) != WEIR_OK)
            return; /* the run has failed */
        before = last;
    }
}

static weir_stage_options dividing(bool in_processes) {
    static const weir_process process = {.function = "divide", .encode = ask, .decode = emit_factors};
    weir_stage_options options = {.name = "divide", .work.run = divide_here};
    long processors = sysconf(_SC_NPROCESSORS_ONLN);
    if (in_processes) {
        options.work.run = weir_process_run;
        options.work.init = weir_process_init;
        options.work.fini = weir_process_fini;
        options.work.arg = (void *)&process;
    }
    options.threads.count = processors > 0 ? (size_t)processors : 1;
    options.output.ordered = true;
    options.errors.retry.attempts = 3;
    return options;
}

/* In as many threads as there are processors, or in a child of each. Returns false if items have failed. */
static bool divide_at_once(bool in_processes, const uint32_t *numbers, size_t count, struct factors *factors) {
    struct factors *found = NULL;
    weir_stage_options divides = dividing(in_processes), collects = {.name = "collect", .work.func = collect};
    weir_pipeline *pipeline;
    weir_report *report = NULL;
    size_t needed = 0, made = 0;
    for (size_t i = 0; i < count; i++)
        needed += numbers[i] / RANGE + 1;
    struct range *ranges = malloc(needed * sizeof *ranges);
    if (ranges == NULL)
        check(WEIR_NOMEM, "ranges");
    collects.work.arg = &found;
    collects.threads.count = 1;
    weir_pipeline_create(&pipeline, NULL);
    weir_pipeline_add(pipeline, NULL, &divides);
    weir_pipeline_add(pipeline, NULL, &collects);
    weir_status started = weir_pipeline_start(pipeline);
    check(started, weir_pipeline_message(pipeline));
    for (size_t i = 0; i < count; i++)
        put_ranges(pipeline, ranges, numbers[i], &factors[i], &made);
    weir_status status = weir_pipeline_finish(pipeline, WEIR_NEVER, &report);
    if (report != NULL && report->kept_errors > 0 && status != WEIR_OK)
        fprintf(stderr, "factors_processes: %s\n", report->errors[0].message);
    weir_report_free(report);
    check(weir_pipeline_destroy(pipeline), "destroy");
    free(ranges);
    return status == WEIR_OK;
}

static bool are_equal(const struct factors *one, const struct factors *other) {
    return one->count == other->count && memcmp(one->factor, other->factor, one->count * sizeof(uint32_t)) == 0;
}

/* Prints the factors of each number. Returns whether all three ways have found the same. */
static bool print(const uint32_t *numbers, size_t count, struct factors found[][MOST_NUMBERS]) {
    bool equal = true;
    for (size_t i = 0; i < count; i++) {
        printf("%lu:", (unsigned long)numbers[i]);
        for (size_t j = 0; j < found[0][i].count; j++)
            printf(" %lu", (unsigned long)found[0][i].factor[j]);
        printf("\n");
        equal = equal && are_equal(&found[0][i], &found[1][i]) && are_equal(&found[0][i], &found[2][i]);
    }
    return equal;
}

/* Stores the numbers, and returns how many. Ends the program if one is not from 1 to 4294967295. */
static size_t read_numbers(int count, char **words, uint32_t *numbers) {
    for (int i = 0; i < count; i++) {
        char *end;
        unsigned long long number = strtoull(words[i], &end, 10);
        if (i >= MOST_NUMBERS || *end != '\0' || number < 1 || number > UINT32_MAX) {
            fprintf(stderr, "usage: factors_processes [--crash] [NUMBER...], %d at most, from 1 to 4294967295\n",
                    MOST_NUMBERS);
            exit(2);
        }
        numbers[i] = (uint32_t)number;
    }
    return (size_t)count;
}

int main(int argc, char **argv) {
    static const weir_process_entry table[] = {{.name = "divide", .func = divide_range}, {.name = NULL}};
    static struct factors found[3][MOST_NUMBERS]; /* sequentially, in threads, in processes */
    double times[4];
    uint32_t numbers[MOST_NUMBERS] = {53541233, 21235343, 11421443, 5423123};
    weir_process_main(argc, argv, table); /* does not return in a child */
    crash = argc > 1 && strcmp(argv[1], "--crash") == 0;
    argc -= 1 + crash;
    argv += 1 + crash;
    size_t count = argc > 0 ? read_numbers(argc, argv, numbers) : 4;

    times[0] = now();
    for (size_t i = 0; i < count; i++)
        found[0][i].count = divide(numbers[i], 1, numbers[i], found[0][i].factor);
    times[1] = now();
    bool done = divide_at_once(false, numbers, count, found[1]);
    times[2] = now();
    done = divide_at_once(true, numbers, count, found[2]) && done;
    times[3] = now();
    bool equal = print(numbers, count, found);
    printf("time: %.3f s sequential, %.3f s in threads, %.3f s in processes\n", times[1] - times[0],
           times[2] - times[1], times[3] - times[2]);
    return done && equal ? EXIT_SUCCESS : EXIT_FAILURE;
}
