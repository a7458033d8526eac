/*
 * commands.c - runs `true` for each of COUNT items in a stage of THREADS threads: what weir_command_run costs.
 *
 *     commands COUNT THREADS
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <weir.h>

#include <stdio.h>
#include <stdlib.h>

static int run(weir_task *task, void *item, void *unused) {
    const char *const argv[] = {"true", NULL};
    (void)item;
    (void)unused;
    return weir_command_run(task, &(weir_command){.argv = argv}, NULL);
}

int main(int argc, char **argv) {
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
