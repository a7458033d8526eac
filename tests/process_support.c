/*
 * process_support.c - shared by the tests of functions in child processes.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "process_support.h"

#include <errno.h>
#include <stdio.h>
#include <sys/wait.h>

weir_status init_fails(void *arg, void **state) {
    (void)arg;
    (void)state;
    weir_process_fail(1, "no model");
    return WEIR_NOMEM;
}

void use_process(weir_stage_options *options, weir_process *process) {
    options->name = "stage";
    options->work.init = weir_process_init;
    options->work.fini = weir_process_fini;
    options->work.arg = process;
}

void read_letters(weir_queue *dead, void (*note)(const weir_dead_letter *letter)) {
    void *letter;
    while (weir_queue_get(dead, &letter) == WEIR_OK) {
        note(letter);
        weir_dead_letter_free(letter);
    }
}

void assert_no_children(void) {
    errno = 0;
    bool none = waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD;
    ck_assert(none);
}

void try_child(weir_process *process, void *item) {
    weir_stage_options options = {.work.run = weir_process_run};
    weir_pipeline *pipeline = NULL;
    use_process(&options, process);
    weir_pipeline_create(&pipeline, NULL);
    weir_pipeline_add(pipeline, NULL, &options);
    if (weir_pipeline_start(pipeline) != WEIR_OK || weir_pipeline_put(pipeline, item) != WEIR_OK)
        printf("a child of this program does not run here: %s\n", weir_pipeline_message(pipeline));
    else
        weir_pipeline_finish(pipeline, WEIR_NEVER, NULL);
    weir_pipeline_destroy(pipeline);
}
