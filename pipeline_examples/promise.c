/*
 * promise.c - values handed from one thread to another by promises.
 *
 *     main --- requests ---> loader (1 thread)
 *          <--- promises ---
 *
 * A request holds the name of a file and a future that nothing has set yet: a promise. The loader sets it to the text
 * of the file, or to an error. Main waits for each promise in turn, while the loader is reading the files behind it. A
 * wait may have a deadline: the first one, before the request is put, finds nothing.
 *
 *     $ ./promise LICENSE none
 *     LICENSE: promised
 *     LICENSE: 1073 bytes
 *     none: error 2, cannot open none
 *     time: 0.000 s sequential, 0.000 s by promises, ratio 0.4
 *
 * cc -O2 promise.c -o promise $(pkg-config --cflags --libs weir)
 *
 * usage: promise FILE...
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L
#include <weir.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Owned by the queue, then by the loader. */
struct request {
    const char *name;
    weir_future *promise; /* a reference of its own */
};

static void check(weir_status status, const char *what) {
    if (status != WEIR_OK) {
        fprintf(stderr, "promise: %s: %s\n", what, weir_strerror(status));
        exit(EXIT_FAILURE);
    }
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* Returns the text, which the caller frees; NULL, with errno, if the file cannot be read. */
static char *load(const char *name) {
    char *text = NULL;
    size_t length = 0;
    FILE *file = fopen(name, "rb");
    if (file == NULL)
        return NULL;
    for (;;) {
        char *longer = realloc(text, length + 65536);
        if (longer == NULL)
            break;
        text = longer;
        size_t got = fread(text + length, 1, 65535, file);
        length += got;
        if (got == 0)
            break;
    }
    int error = ferror(file) ? errno : 0;
    fclose(file);
    if (error != 0) {
        free(text);
        errno = error;
        return NULL;
    }
    text[length] = '\0';
    return text;
}

static void free_text(void *text, void *arg) {
    (void)arg;
    free(text);
}

/* ---- the loader's thread ---- */

static void *answer(void *item, void *arg) {
    struct request *request = item;
    char *text = load(request->name);
    (void)arg;
    if (text == NULL)
        weir_future_fail(request->promise, errno, "cannot open %s", request->name);
    else if (weir_future_set(request->promise, text) != WEIR_OK) /* the caller has cancelled it */
        free(text);
    weir_future_release(request->promise);
    free(request);
    return NULL;
}

/* ---- the caller's thread ---- */

static void ask(weir_queue *requests, const char *name, weir_future *promise) {
    struct request *request = malloc(sizeof *request);
    if (request == NULL)
        check(WEIR_NOMEM, "ask");
    *request = (struct request){name, weir_future_retain(promise)};
    check(weir_queue_put(requests, request), "put a request");
}

/* Waits for the promise, and prints and releases it. */
static void print(const char *name, weir_future *promise) {
    void *text;
    if (weir_future_get(promise, &text) == WEIR_OK) /* the text still belongs to the future */
        printf("%s: %zu bytes\n", name, strlen(text));
    else
        printf("%s: error %d, %s\n", name, weir_future_code(promise), weir_future_message(promise));
    weir_future_release(promise);
}

static void hand_over(char **names, size_t count) {
    weir_queue *requests;
    weir_threads *loader;
    weir_future **promises = malloc(count * sizeof *promises);
    if (promises == NULL)
        check(WEIR_NOMEM, "hand over");
    for (size_t i = 0; i < count; i++)
        check(weir_future_create(&promises[i], free_text, NULL), "create a promise");
    if (weir_future_get_until(promises[0], NULL, weir_deadline_after(0)) == WEIR_TIMEDOUT)
        printf("%s: promised\n", names[0]);
    check(weir_queue_create(&requests, count), "create a queue");
    check(weir_start_threads(&loader, 1, answer, NULL, requests, NULL), "start the loader");
    for (size_t i = 0; i < count; i++)
        ask(requests, names[i], promises[i]);
    for (size_t i = 0; i < count; i++)
        print(names[i], promises[i]);
    check(weir_stop_threads(requests, loader), "stop the loader");
    check(weir_queue_destroy(requests), "destroy the queue");
    free(promises);
}

int main(int argc, char **argv) {
    if (argc < 2) {
        fprintf(stderr, "usage: promise FILE...\n");
        return 2;
    }
    double start = now();
    for (int i = 1; i < argc; i++)
        free(load(argv[i]));
    double middle = now();
    hand_over(argv + 1, (size_t)argc - 1);
    double end = now();
    printf("time: %.3f s sequential, %.3f s by promises, ratio %.1f\n", middle - start, end - middle,
           (middle - start) / (end - middle));
    return EXIT_SUCCESS;
}
