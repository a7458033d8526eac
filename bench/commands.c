/*
 * commands.c - runs `true` for each of COUNT items in a stage of THREADS threads: what weir_command_run costs.
 *
 *     commands COUNT THREADS
 *     commands output BYTES BOUND    runs one command that writes so many bytes, of which BOUND are kept; prints the KiB by
 *                                    which the peak of the memory grows
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <weir.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "peak.h"

/* Returns the bytes that were kept. */
static size_t keep_output(const char *bytes, size_t bound) {
    const char *const argv[] = {"head", "-c", bytes, "/dev/zero", NULL};
    weir_command_result result;
    int code = weir_command_run(NULL, &(weir_command){.argv = argv, .most_output = bound}, &result);
    size_t kept = result.out.kept;
    if (code != 0 || result.out.total != strtoull(bytes, NULL, 10)) {
        (void)fprintf(stderr, "commands: %d, %llu bytes: %s\n", code, (unsigned long long)result.out.total,
                      result.message);
        exit(EXIT_FAILURE);
    }
    weir_command_result_free(&result);
    return kept;
}

static int measure_output(const char *bytes, size_t bound) {
    (void)keep_output("1000", bound);
    long before = peak_kib();
    size_t kept = keep_output(bytes, bound);
    printf("%ld %zu\n", peak_kib() - before, kept);
    return EXIT_SUCCESS;
}

static int run(weir_task *task, void *item, void *unused) {
    const char *const argv[] = {"true", NULL};
    (void)item;
    (void)unused;
    return weir_command_run(task, &(weir_command){.argv = argv}, NULL);
}

int main(int argc, char **argv) {
    if (argc == 4 && strcmp(argv[1], "output") == 0)
        return measure_output(argv[2], strtoul(argv[3], NULL, 10));
    unsigned long count = argc > 1 ? strtoul(argv[1], NULL, 10) : 0;
    unsigned threads = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 2;
    const weir_stage_options stage = {.name = "run", .work.run = run, .threads.count = threads};
    weir_pipeline *pipeline = NULL;
    weir_pipeline_create(&pipeline, NULL);
    weir_pipeline_add(pipeline, NULL, &stage);
    weir_status status = weir_pipeline_start(pipeline);
    for (unsigned long i = 0; status == WEIR_OK && i < count; i++)
        status = weir_pipeline_put(pipeline, pipeline);
    if (status == WEIR_OK)
        status = weir_pipeline_finish(pipeline, WEIR_NEVER, NULL);
    if (status != WEIR_OK)
        (void)fprintf(stderr, "commands: %s\n", weir_strerror(status));
    weir_pipeline_destroy(pipeline);
    return status == WEIR_OK ? EXIT_SUCCESS : EXIT_FAILURE;
}
