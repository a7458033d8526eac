/*
 * fold.c - a fold: adds up the numbers on standard input, one on each line.
 *
 *     lines -> parse (crew) -> fold (1 thread) -> print
 *
 * A stage that folds emits nothing for an item. Its at_end is called after the last one and emits the sum, which is an
 * item of the next stage. It has one thread, so the sum needs no lock.
 *
 *     $ seq 100 | fold
 *     100 numbers, sum 5050
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L
#include <weir.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct sum {
    unsigned long count;
    long long total;
};

static int parse(weir_task *task, void *line, void *arg) {
    char *end;
    (void)arg;
    errno = 0;
    long long number = strtoll(line, &end, 10);
    if (errno != 0 || end == line || (*end != '\n' && *end != '\0'))
        return weir_task_fail(task, EINVAL, "not a number: %.*s", (int)strcspn(line, "\n"), (char *)line);
    long long *parsed = malloc(sizeof *parsed);
    if (parsed == NULL)
        return weir_task_fail(task, ENOMEM, "no memory");
    *parsed = number;
    free(line);
    weir_task_emit(task, parsed);
    return 0;
}

static int fold(weir_task *task, void *number, void *sum) {
    (void)task;
    ((struct sum *)sum)->count++;
    ((struct sum *)sum)->total += *(long long *)number;
    free(number);
    return 0;
}

static int emit_sum(weir_task *task, void *sum) {
    weir_task_emit(task, sum);
    return 0;
}

static void *print(void *item, void *arg) {
    const struct sum *sum = item;
    (void)arg;
    printf("%lu numbers, sum %lld\n", sum->count, sum->total);
    return NULL;
}

static void free_item(void *item, void *arg) {
    (void)arg;
    free(item);
}

static weir_status put_lines(weir_pipeline *pipeline) {
    weir_status status = WEIR_OK;
    char *line = NULL;
    size_t size = 0;
    while (status == WEIR_OK && getline(&line, &size, stdin) > 0) {
        status = weir_pipeline_put(pipeline, line);
        if (status == WEIR_OK) /* the line is the pipeline's */
            line = NULL, size = 0;
    }
    free(line);
    return status;
}

int main(void) {
    struct sum sum = {0, 0};
    weir_pipeline *pipeline;
    weir_report *report = NULL;
    if (weir_pipeline_create(&pipeline, NULL) != WEIR_OK)
        return EXIT_FAILURE;
    weir_pipeline_add(pipeline, NULL,
                      &(weir_stage_options){
                          .name = "parse", .work.run = parse, .input.drop = free_item, .errors.on_error = WEIR_SKIP});
    weir_pipeline_add(
        pipeline, NULL,
        &(weir_stage_options){
            .name = "fold", .work.run = fold, .work.at_end = emit_sum, .work.arg = &sum, .input.drop = free_item});
    weir_pipeline_add(pipeline, NULL, &(weir_stage_options){.name = "print", .work.func = print});
    if (weir_pipeline_start(pipeline) != WEIR_OK) {
        fprintf(stderr, "fold: %s\n", weir_pipeline_message(pipeline));
        return EXIT_FAILURE;
    }
    weir_status put = put_lines(pipeline), status = weir_pipeline_finish(pipeline, WEIR_NEVER, &report);
    for (size_t i = 0; report != NULL && i < report->kept_errors; i++)
        fprintf(stderr, "fold: %s\n", report->errors[i].message);
    bool failed = put != WEIR_OK || status != WEIR_OK || report == NULL || report->error_count > 0;
    weir_report_free(report);
    weir_pipeline_destroy(pipeline);
    return !failed && fflush(stdout) == 0 && !ferror(stdout) ? EXIT_SUCCESS : EXIT_FAILURE;
}
