/*
 * gcd_processes.c - computes greatest common divisors in slow steps: by tasks in threads, then by calls of the same function
 * in child processes, on an executor each. Prints both times: a process costs little more, and keeps a crash to itself.
 *
 *     $ gcd_processes 1963309 2265973 2030677 3814172
 *     1963309 2265973: 1
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <weir.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct pair {
    unsigned long a, b, divisor;
};

static unsigned long gcd(const struct pair *pair) {
    unsigned long divisor = pair->a < pair->b ? pair->a : pair->b;
    while (divisor > 1 && (pair->a % divisor != 0 || pair->b % divisor != 0))
        divisor--;
    return divisor;
}

static int in_thread(weir_future *self, void *item, void **value) {
    (void)self;
    ((struct pair *)item)->divisor = gcd(item);
    *value = NULL;
    return 0;
}

/* In a child; what crosses is bytes. */
static int in_child(const void *in, size_t size, weir_process_payload *out, void *unused) {
    (void)unused;
    (void)size;
    unsigned long divisor = gcd(in);
    memcpy(out->data, &divisor, out->size = sizeof divisor);
    return 0;
}

static int encode(weir_task *task, const void *item, weir_process_payload *to, void *unused) {
    (void)task;
    (void)unused;
    memcpy(to->data, item, to->size = sizeof(struct pair));
    return 0;
}

static int take(weir_future *self, void *item, const void *from, size_t size, void **value, void *unused) {
    (void)unused;
    (void)value;
    if (size != sizeof(unsigned long))
        return weir_executor_error(self, 1, "%zu bytes", size);
    memcpy(&((struct pair *)item)->divisor, from, size);
    return 0;
}

/* Computes all pairs. Prints the time. */
static weir_status run(const char *where, weir_executor_func *func, weir_executor_options options, struct pair *pairs,
                       size_t count) {
    struct timespec begin, end;
    weir_executor *executor = NULL;
    timespec_get(&begin, TIME_UTC);
    weir_status status = weir_executor_create(&executor, &options);
    if (status != WEIR_OK)
        return status;
    status =
        weir_executor_map(executor, func, pairs, count, &(weir_map_options){.arg_size = sizeof *pairs}, NULL, NULL);
    weir_executor_destroy(executor);
    timespec_get(&end, TIME_UTC);
    (void)fprintf(stderr, "in %s: %.3f s\n", where,
                  (double)(end.tv_sec - begin.tv_sec) + 1e-9 * (double)(end.tv_nsec - begin.tv_nsec));
    return status;
}

int main(int argc, char **argv) {
    static const weir_process_entry table[] = {{.name = "gcd", .func = in_child}, {.name = NULL}};
    static weir_process process = {.function = "gcd", .encode = encode, .take = take};
    weir_process_main(argc, argv, table);
    size_t count = argc > 2 ? (size_t)(argc - 1) / 2 : 0;
    struct pair *pairs = calloc(count + 1, sizeof *pairs);
    for (size_t i = 0; pairs != NULL && i < count; i++)
        pairs[i] = (struct pair){strtoul(argv[2 * i + 1], NULL, 10), strtoul(argv[2 * i + 2], NULL, 10), 0};
    const weir_executor_options threads = {.name = "gcd"};
    const weir_executor_options processes = {
        .name = "gcd", .init = weir_process_init, .fini = weir_process_fini, .arg = &process};
    weir_status status = pairs == NULL ? WEIR_NOMEM : run("threads", in_thread, threads, pairs, count);
    if (status == WEIR_OK)
        status = run("processes", weir_process_call, processes, pairs, count);
    for (size_t i = 0; status == WEIR_OK && i < count; i++)
        printf("%lu %lu: %lu\n", pairs[i].a, pairs[i].b, pairs[i].divisor);
    if (status != WEIR_OK)
        (void)fprintf(stderr, "gcd_processes: %s\n", weir_strerror(status));
    free(pairs);
    return status == WEIR_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
