/*
 * thumbs_limit.c - the speed of libvips alone: thumbnails of pictures in memory, with the options of weir-thumbs.
 *
 *     thumbs_limit THREADS ROUNDS FILE...
 *
 * Each file is decoded ROUNDS times. No colours are converted: none of the files may have a profile. With one thread,
 * vectors are used. Prints the number of pictures a second.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include <vips/vips.h>

#include <vips/vector.h> /* needs vips.h */

enum { MOST_THREADS = 256, SIDE = 320, QUALITY = 85 };

struct file {
    char *data;
    gsize size;
};

static struct file *files;
static size_t file_count, total;
static atomic_size_t next;

static _Noreturn void fail(const char *what) {
    fprintf(stderr, "thumbs_limit: %s: %s", what, vips_error_buffer());
    exit(EXIT_FAILURE);
}

static void make_thumbnail(const struct file *file, VipsArrayDouble *white) {
    VipsImage *thumbnail = NULL;
    void *jpeg = NULL;
    size_t size;
    if (vips_thumbnail_buffer(file->data, file->size, &thumbnail, SIDE, "height", SIDE, "size", VIPS_SIZE_DOWN,
                              "option_string", "[fail_on=error]", NULL) != 0 ||
        vips_jpegsave_buffer(thumbnail, &jpeg, &size, "Q", QUALITY, "strip", TRUE, "optimize_coding", TRUE,
                             "background", white, NULL) != 0)
        fail("a picture");
    g_object_unref(thumbnail);
    g_free(jpeg);
}

static void *run(void *unused) {
    VipsArrayDouble *white = vips_array_double_newv(1, 255.0);
    for (size_t i; (i = atomic_fetch_add(&next, 1)) < total;)
        make_thumbnail(&files[i % file_count], white);
    vips_area_unref(VIPS_AREA(white));
    vips_thread_shutdown();
    return unused;
}

static void read_files(char **paths, size_t count) {
    files = calloc(count, sizeof *files);
    if (files == NULL)
        fail("memory");
    for (size_t i = 0; i < count; i++) {
        if (!g_file_get_contents(paths[i], &files[i].data, &files[i].size, NULL))
            fail(paths[i]);
    }
    file_count = count;
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

int main(int argc, char **argv) {
    pthread_t threads[MOST_THREADS];
    int count = argc > 3 ? atoi(argv[1]) : 0, rounds = argc > 3 ? atoi(argv[2]) : 0;
    if (count < 1 || count > MOST_THREADS || rounds < 1) {
        fputs("usage: thumbs_limit THREADS ROUNDS FILE...\n", stderr);
        return 2;
    }
    if (VIPS_INIT(argv[0]) != 0)
        fail("libvips");
    vips_concurrency_set(1);
    vips_vector_set_enabled(count == 1); /* liborc before 0.4.41 is not safe in several threads */
    vips_cache_set_max(0);
    read_files(argv + 3, (size_t)argc - 3);
    total = file_count * (size_t)rounds;
    double begun = now();
    for (int i = 0; i < count; i++) {
        if (pthread_create(&threads[i], NULL, run, NULL) != 0)
            fail("a thread");
    }
    for (int i = 0; i < count; i++)
        pthread_join(threads[i], NULL);
    printf("%.2f\n", (double)total / (now() - begun));
    return EXIT_SUCCESS;
}
