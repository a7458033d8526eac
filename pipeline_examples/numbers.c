/*
 * numbers.c - greatest common divisors, Fibonacci numbers and primes: three kinds of tasks on one executor.
 *
 * Each task writes its result into its own argument, which nothing else uses until the task has ended. The longest
 * tasks are submitted first, so that no processor works alone at the end. It prints (the times vary):
 *
 *     fibonacci(34) = 5702887
 *     ...
 *     gcd(1963309, 2265973) = 1
 *     ...
 *     78498 primes up to 1000000
 *     time: 0.402 s sequential, 0.206 s on the executor, ratio 1.95
 *
 * cc -O2 numbers.c -o numbers $(pkg-config --cflags --libs weir)
 *
 * usage: numbers [N]
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L
#include <weir.h>

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { FIRST_FIBONACCI = 30, LAST_FIBONACCI = 34, RANGES = 40 };

static const unsigned long pairs[][2] = {
    {1963309, 2265973}, {1879675, 2493670}, {2030677, 3814172}, {1551645, 2229620}, {1988912, 4736670},
    {2198964, 7876293}, {2039045, 2020802}, {1823712, 1924928}, {1948244, 1293992}, {2097152, 1048576},
};

/* A task: one computation, with up to two arguments and a result. */
struct job {
    unsigned long (*compute)(unsigned long, unsigned long);
    unsigned long a, b, result;
};

enum {
    FIBONACCIS = LAST_FIBONACCI - FIRST_FIBONACCI + 1,
    PAIRS = sizeof pairs / sizeof pairs[0],
    JOBS = FIBONACCIS + PAIRS + RANGES
};

static void check(weir_status status, const char *what) {
    if (status != WEIR_OK) {
        fprintf(stderr, "numbers: %s: %s\n", what, weir_strerror(status));
        exit(EXIT_FAILURE);
    }
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* By the definition, with a call for each addition. */
static unsigned long fibonacci(unsigned long n, unsigned long unused) {
    return n < 2 ? n : fibonacci(n - 1, unused) + fibonacci(n - 2, unused);
}

/* By trial, from the largest candidate down. */
static unsigned long gcd(unsigned long a, unsigned long b) {
    unsigned long candidate = a < b ? a : b;
    while (a % candidate != 0 || b % candidate != 0)
        candidate--;
    return candidate;
}

static bool is_prime(unsigned long n) {
    if (n < 4)
        return n > 1;
    if (n % 2 == 0)
        return false;
    for (unsigned long divisor = 3; divisor * divisor <= n; divisor += 2)
        if (n % divisor == 0)
            return false;
    return true;
}

static unsigned long count_primes(unsigned long first, unsigned long last) {
    unsigned long count = 0;
    for (unsigned long n = first; n <= last; n++)
        count += is_prime(n);
    return count;
}

static void declare(struct job *jobs, unsigned long limit) {
    for (unsigned long n = LAST_FIBONACCI; n >= FIRST_FIBONACCI; n--)
        *jobs++ = (struct job){fibonacci, n, 0, 0};
    for (int i = 0; i < PAIRS; i++)
        *jobs++ = (struct job){gcd, pairs[i][0], pairs[i][1], 0};
    for (unsigned long i = 0; i < RANGES; i++)
        *jobs++ = (struct job){count_primes, limit * i / RANGES + 1, limit * (i + 1) / RANGES, 0};
}

static int run(weir_future *self, void *arg, void **value) {
    struct job *job = arg;
    (void)self, (void)value;
    job->result = job->compute(job->a, job->b);
    return 0;
}

static void run_at_once(struct job *jobs) {
    weir_executor *executor;
    /* In the order of the array, a long task would keep others from being submitted. */
    const weir_map_options options = {.as_completed = true, .arg_size = sizeof *jobs};
    check(weir_executor_create(&executor, NULL), "create"); /* a thread for each processor */
    check(weir_executor_map(executor, run, jobs, JOBS, &options, NULL, NULL), "map");
    check(weir_executor_destroy(executor), "destroy");
}

static void print(const struct job *jobs, unsigned long limit) {
    unsigned long primes = 0;
    for (int i = 0; i < JOBS; i++) {
        if (jobs[i].compute == fibonacci)
            printf("fibonacci(%lu) = %lu\n", jobs[i].a, jobs[i].result);
        else if (jobs[i].compute == gcd)
            printf("gcd(%lu, %lu) = %lu\n", jobs[i].a, jobs[i].b, jobs[i].result);
        else
            primes += jobs[i].result;
    }
    printf("%lu primes up to %lu\n", primes, limit);
}

int main(int argc, char **argv) {
    unsigned long limit = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000000;
    struct job sequential[JOBS], at_once[JOBS];
    declare(sequential, limit);
    declare(at_once, limit);
    double start = now();
    for (int i = 0; i < JOBS; i++)
        sequential[i].result = sequential[i].compute(sequential[i].a, sequential[i].b);
    double middle = now();
    run_at_once(at_once);
    double end = now();
    print(at_once, limit);
    printf("time: %.3f s sequential, %.3f s on the executor, ratio %.2f\n", middle - start, end - middle,
           (middle - start) / (end - middle));
    for (int i = 0; i < JOBS; i++)
        if (sequential[i].result != at_once[i].result)
            return EXIT_FAILURE;
    return EXIT_SUCCESS;
}
