/*
 * processes.c - sends COUNT items of BYTES to a stage of THREADS child processes, which read them once and answer with
 * 64 bytes. Prints the seconds that this takes, once all children are ready, and those of as many copies by memcpy.
 *
 *     processes COUNT BYTES THREADS [BATCH]
 *
 * With BATCH the children get as many items at once.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L
#include <weir.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { ANSWER = 64, AT_ONCE = 100 }; /* bytes; items of a put */

static size_t bytes;
static unsigned char *payload, *copy;

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

/* In a child: adds all up. */
static int add(const void *in, size_t size, weir_process_payload *out, void *unused) {
    const unsigned char *from = in;
    uint64_t sum = 0, word;
    (void)unused;
    for (size_t i = 0; i + sizeof word <= size; i += sizeof word) {
        memcpy(&word, from + i, sizeof word);
        sum += word;
    }
    memset(out->data, 0, ANSWER);
    memcpy(out->data, &sum, sizeof sum);
    out->size = ANSWER;
    return 0;
}

static int send_payload(weir_task *task, const void *item, weir_process_payload *to, void *unused) {
    (void)task;
    (void)unused;
    memcpy(to->data, item, bytes);
    to->size = bytes;
    return 0;
}

static int take_answer(weir_task *task, void *item, const void *from, size_t size, void *unused) {
    (void)item;
    (void)from;
    (void)unused;
    return size == ANSWER ? 0 : weir_task_fail(task, 1, "%zu bytes", size);
}

/* Puts that many items, and waits until all are done. */
static void put(weir_pipeline *pipeline, unsigned long count) {
    void *items[AT_ONCE];
    for (size_t i = 0; i < AT_ONCE; i++)
        items[i] = payload;
    for (unsigned long left = count; left > 0;) {
        size_t put = 0;
        if (weir_pipeline_put_many(pipeline, items, left < AT_ONCE ? left : AT_ONCE, &put) != WEIR_OK)
            return;
        left -= put;
    }
    (void)weir_pipeline_wait_idle(pipeline, WEIR_NEVER);
}

static double time_copies(unsigned long count) {
    double start = now();
    for (unsigned long i = 0; i < count; i++) {
        payload[0] = (unsigned char)i;
        memcpy(copy, payload, bytes);
    }
    double end = now();
    return copy[0] == payload[0] ? end - start : 0;
}

int main(int argc, char **argv) {
    static const weir_process_entry table[] = {{.name = "add", .func = add}, {.name = NULL}};
    weir_process process = {.function = "add", .encode = send_payload, .decode = take_answer};
    weir_stage_options stage = {.name = "add"};
    weir_pipeline *pipeline = NULL;
    weir_process_main(argc, argv, table);
    unsigned long count = argc > 1 ? strtoul(argv[1], NULL, 10) : 10000;
    bytes = argc > 2 ? (size_t)strtoul(argv[2], NULL, 10) : ANSWER;
    stage.threads.count = argc > 3 ? (size_t)strtoul(argv[3], NULL, 10) : 2;
    payload = calloc(1, bytes);
    copy = calloc(1, bytes);
    if (payload == NULL || copy == NULL)
        return EXIT_FAILURE;
    process.payload = bytes;
    stage.batch.items = argc > 4 ? (size_t)strtoul(argv[4], NULL, 10) : 0;
    if (stage.batch.items > 0) {
        stage.work.run_batch = weir_process_run_batch;
        stage.batch.wait = WEIR_MILLISECOND / 10;
        stage.input.capacity = 4 * stage.batch.items;
    } else {
        stage.work.run = weir_process_run;
    }
    stage.work.init = weir_process_init;
    stage.work.fini = weir_process_fini;
    stage.work.arg = &process;
    weir_pipeline_create(&pipeline, NULL);
    weir_pipeline_add(pipeline, NULL, &stage);
    weir_status status = weir_pipeline_start(pipeline);
    put(pipeline, 8 * stage.threads.count);
    double start = now();
    put(pipeline, count);
    double end = now();
    if (status == WEIR_OK)
        status = weir_pipeline_finish(pipeline, WEIR_NEVER, NULL);
    if (status != WEIR_OK)
        (void)fprintf(stderr, "processes: %s\n", weir_pipeline_message(pipeline));
    weir_pipeline_destroy(pipeline);
    printf("%.6f %.6f\n", end - start, time_copies(count));
    free(payload);
    free(copy);
    return status == WEIR_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
