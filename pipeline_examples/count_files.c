/*
 * count_files.c - lines, words and size of files, with an error as the result of a file that cannot be read.
 *
 * Each file is a task; weir_executor_map calls print for each file, in the order of the arguments. A task that fails
 * does not stop the others. The lines are those of wc:
 *
 *     $ ./count_files NEWS none LICENSE
 *     102 1542 9716 NEWS
 *     none: No such file or directory
 *     21 170 1072 LICENSE
 *     123 1712 10788 total
 *     time: 0.000 s sequential, 0.001 s on the executor, ratio 0.4
 *
 * cc -O2 count_files.c -o count_files $(pkg-config --cflags --libs weir)
 *
 * usage: count_files FILE...
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L
#include <weir.h>

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct count {
    unsigned long long lines, words, bytes;
};

/* Where map's results go. */
struct result {
    char **names;
    struct count total;
    int failures;
};

static void check(weir_status status, const char *what) {
    if (status != WEIR_OK) {
        fprintf(stderr, "count_files: %s: %s\n", what, weir_strerror(status));
        exit(EXIT_FAILURE);
    }
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static void count_text(struct count *count, const char *text, size_t length, bool *in_word) {
    for (size_t i = 0; i < length; i++) {
        bool blank = isspace((unsigned char)text[i]);
        count->lines += text[i] == '\n';
        count->words += !blank && !*in_word;
        *in_word = !blank;
    }
    count->bytes += length;
}

/* Returns 0 or an errno value. */
static int count_file(const char *name, struct count *count) {
    char text[65536];
    size_t length;
    bool in_word = false;
    FILE *file = fopen(name, "rb");
    if (file == NULL)
        return errno;
    while ((length = fread(text, 1, sizeof text, file)) > 0)
        count_text(count, text, length, &in_word);
    int error = ferror(file) ? errno : 0; /* a folder opens, but cannot be read */
    fclose(file);
    return error;
}

/* The task. Its value is an allocated struct count. */
static int count(weir_future *self, void *name, void **value) {
    struct count *count = calloc(1, sizeof *count);
    int error = count == NULL ? ENOMEM : count_file(name, count);
    if (error != 0) {
        free(count);
        return weir_executor_error(self, error, "%s", strerror(error));
    }
    *value = count;
    return 0;
}

/* Called in the thread that calls map, for each file in order. */
static bool print(size_t index, weir_future *future, void *arg) {
    struct result *result = arg;
    void *value;
    if (weir_future_take(future, &value) != WEIR_OK) {
        printf("%s: %s\n", result->names[index], weir_future_message(future));
        result->failures++;
        return true; /* go on */
    }
    const struct count *count = value;
    printf("%llu %llu %llu %s\n", count->lines, count->words, count->bytes, result->names[index]);
    result->total.lines += count->lines;
    result->total.words += count->words;
    result->total.bytes += count->bytes;
    free(value);
    return true;
}

int main(int argc, char **argv) {
    struct result result = {.names = argv + 1};
    struct count total = {0};
    weir_executor *executor;
    size_t files = (size_t)argc - 1;

    double start = now();
    for (size_t i = 0; i < files; i++) {
        struct count one = {0};
        if (count_file(argv[i + 1], &one) == 0) {
            total.lines += one.lines;
            total.words += one.words;
            total.bytes += one.bytes;
        }
    }
    double middle = now();
    check(weir_executor_create(&executor, NULL), "create");
    check(weir_executor_map(executor, count, argv + 1, files, NULL, print, &result), "map");
    check(weir_executor_destroy(executor), "destroy");
    double end = now();
    printf("%llu %llu %llu total\n", result.total.lines, result.total.words, result.total.bytes);
    printf("time: %.3f s sequential, %.3f s on the executor, ratio %.1f\n", middle - start, end - middle,
           (middle - start) / (end - middle));
    bool equal = memcmp(&total, &result.total, sizeof total) == 0, written = fflush(stdout) == 0 && !ferror(stdout);
    return result.failures == 0 && equal && written ? EXIT_SUCCESS : EXIT_FAILURE;
}
