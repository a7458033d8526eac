/*
 * driver.c - command line, measurement and work loop of the drivers; see driver.h.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "driver.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

struct driver_args args = {
    .producers = 1,
    .consumers = 1,
    .capacity = 1024,
    .items = 100000,
    .threads = {3, 4, 5},
    .rounds = 1,
    .pool = 2,
    .warm = 0.3,
};

static const struct driver *driver;
static const char *workload;
static unsigned long work; /* ns */
static _Atomic uint64_t sink;

void fail(const char *format, ...) {
    va_list rest;
    va_start(rest, format);
    fprintf(stderr, "%s: ", driver->name);
    vfprintf(stderr, format, rest);
    fputc('\n', stderr);
    va_end(rest);
    exit(1);
}

/* ---- measuring ---- */

static double seconds_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static double seconds_of(struct timeval time) {
    return (double)time.tv_sec + (double)time.tv_usec * 1e-6;
}

struct reading read_now(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return (struct reading){seconds_now(), seconds_of(usage.ru_utime) + seconds_of(usage.ru_stime),
                            usage.ru_nvcsw + usage.ru_nivcsw};
}

static void print_reading(struct reading from, struct reading to, size_t items) {
    double wall = to.wall - from.wall;
    printf("%s %s items_per_s=%.1f wall_s=%.6f cpu_s=%.6f ctxsw=%ld", driver->name, workload, (double)items / wall,
           wall, to.cpu - from.cpu, to.switches - from.switches);
    if (driver->note != NULL)
        printf(" note=%s", driver->note);
}

void print_result(struct reading from, struct reading to, size_t items) {
    print_reading(from, to, items);
    putchar('\n');
}

static int compare(const void *left, const void *right) {
    uint64_t a = *(const uint64_t *)left, b = *(const uint64_t *)right;
    return (a > b) - (a < b);
}

void print_latencies(struct reading from, struct reading to, size_t items, uint64_t *latencies, size_t count) {
    if (count == 0)
        fail("no latencies");
    qsort(latencies, count, sizeof *latencies, compare);
    print_reading(from, to, items);
    printf(" p50_us=%.1f p99_us=%.1f max_us=%.1f\n", (double)latencies[count / 2] / 1e3,
           (double)latencies[count * 99 / 100] / 1e3, (double)latencies[count - 1] / 1e3);
}

void print_threads(struct reading from, struct reading to, size_t items, size_t idle, size_t busy) {
    print_reading(from, to, items);
    printf(" idle_threads=%zu busy_threads=%zu\n", idle, busy);
}

void print_return(struct reading from, struct reading to, size_t items, double ms) {
    print_reading(from, to, items);
    printf(" back_ms=%.0f\n", ms);
}

void check_items(uint64_t sum, size_t count) {
    uint64_t n = args.items;
    if (count != n || sum != n * (n + 1) / 2)
        fail("%zu items with the sum %llu came out of %zu", count, (unsigned long long)sum, args.items);
}

/* ---- work (G. Marsaglia, "Xorshift RNGs", 2003) ---- */

uint64_t churn(uint64_t x, unsigned long steps) {
    for (unsigned long i = 0; i < steps; i++) {
        x ^= x << 13;
        x ^= x >> 7;
        x ^= x << 17;
    }
    return x;
}

void keep(uint64_t x) {
    if (x == 1) /* never true, but the compiler cannot know */
        sink = x;
}

static double calibrate(void) {
    enum { STEPS = 100000, TRIES = 40 };
    double best = 1e9;
    for (uint64_t try = 0; try < TRIES; try++) {
        double from = seconds_now();
        keep(churn(88172645463325252u + try, STEPS));
        double took = seconds_now() - from;
        best = took < best ? took : best;
    }
    return STEPS / (best * 1e6);
}

/* ---- threads ---- */

struct party *new_parties(size_t count) {
    struct party *parties = aligned_alloc(_Alignof(struct party), count * sizeof *parties);
    if (parties == NULL)
        fail("out of memory");
    memset(parties, 0, count * sizeof *parties);
    return parties;
}

void start(struct party *party, void *(*run)(void *)) {
    if (pthread_create(&party->thread, NULL, run, party) != 0)
        fail("no thread");
}

void join(const struct party *parties, size_t count) {
    for (size_t i = 0; i < count; i++)
        pthread_join(parties[i].thread, NULL);
}

/* ---- the command line ---- */

static size_t number(const char *text) {
    char *end;
    unsigned long value = strtoul(text, &end, 10);
    if (*text < '0' || *text > '9' || *end != '\0')
        fail("not a number: %s", text);
    return value;
}

static bool is_key(const char *word, const char *key) {
    size_t length = strlen(key);
    return strncmp(word, key, length) == 0 && word[length] == '=';
}

static void parse(const char *word) {
    const char *equals = strchr(word, '=');
    if (equals == NULL)
        fail("not key=value: %s", word);
    const char *value = equals + 1;
    if (is_key(word, "p"))
        args.producers = number(value);
    else if (is_key(word, "c"))
        args.consumers = number(value);
    else if (is_key(word, "cap"))
        args.capacity = number(value);
    else if (is_key(word, "n"))
        args.items = number(value);
    else if (is_key(word, "work"))
        work = number(value);
    else if (is_key(word, "ipu"))
        args.per_us = strtod(value, NULL);
    else if (is_key(word, "rounds"))
        args.rounds = number(value);
    else if (is_key(word, "threads"))
        args.pool = number(value);
    else if (is_key(word, "warm"))
        args.warm = strtod(value, NULL);
    else if (is_key(word, "most"))
        args.most = number(value);
    else if (is_key(word, "crew"))
        args.crew = number(value) != 0;
    else if (is_key(word, "slow"))
        args.slow = number(value) != 0;
    else if (!is_key(word, "w") ||
             sscanf(value, "%zu,%zu,%zu", &args.threads[0], &args.threads[1], &args.threads[2]) != STAGES)
        fail("unknown key or bad value: %s", word);
}

static void run(const struct workload *measured) {
    bool works = work > 0 || strcmp(measured->name, "skew") == 0;
    if (works && args.per_us <= 0)
        args.per_us = calibrate();
    args.steps = (unsigned long)(args.per_us * (double)work / 1e3 + 0.5);
    measured->run();
}

int driver_main(int argc, char **argv, const struct driver *self) {
    driver = self;
    if (argc < 2)
        fail("usage: %s WORKLOAD|calibrate [key=value ...]", self->name);
    workload = argv[1];
    if (strcmp(workload, "calibrate") == 0) {
        printf("%.3f\n", calibrate());
        return 0;
    }
    for (int i = 2; i < argc; i++)
        parse(argv[i]);
    for (const struct workload *found = self->workloads; found->name != NULL; found++) {
        if (strcmp(workload, found->name) == 0) {
            run(found);
            return 0;
        }
    }
    return 77;
}
