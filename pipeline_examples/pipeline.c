/*
 * pipeline.c - the program of README.md: counts the words in files.
 *
 *     files -> count (4 threads) -> sum (on the crew, one call at a time)
 *
 * It shows the life of a pipeline: declare the stages, start, put, finish, report. A file that cannot be opened is an
 * error, which the report lists; the other files are counted. It prints the total, and the report on standard error.
 *
 * usage: pipeline FILE...
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <stdio.h>

#include <weir.h>

static int tally(weir_task *task, void *name, void *unused) { /* in four threads, each with a file of its own */
    FILE *file = fopen((char *)name, "r");
    uintptr_t words = 0; /* the result: any pointer, or what fits into one */
    if (file == NULL)
        return weir_task_fail(task, 1, "cannot open %s", (char *)name);
    while (fscanf(file, "%*s") != EOF)
        words++;
    if (ferror(file))
        return fclose(file), weir_task_fail(task, 2, "cannot read %s", (char *)name);
    return fclose(file), weir_task_emit(task, (void *)words), (void)unused, 0; /* emit last: nothing fails after it */
}
static void *add_up(void *words, void *total) { /* one call at a time, so the total needs no lock */
    *(uintptr_t *)total += (uintptr_t)words;
    return NULL;
}
int main(int argc, char **argv) {
    uintptr_t total = 0;
    weir_stage_options count = {.name = "count", .work = {.run = tally}, .threads = {.count = 4}};
    weir_stage_options sum = {.name = "sum", .work = {.func = add_up, .arg = &total}, .threads = {.width = 1}};
    weir_pipeline *pipeline = NULL;
    weir_report *report;
    count.errors.on_error = WEIR_SKIP; /* a file that cannot be read is reported; the run goes on */
    if (weir_pipeline_create(&pipeline, NULL) || weir_pipeline_add(pipeline, NULL, &count) ||
        weir_pipeline_add(pipeline, NULL, &sum) || weir_pipeline_start(pipeline)) /* WEIR_OK is 0 */
        return puts(weir_pipeline_message(pipeline));
    for (int i = 1; i < argc; i++)
        weir_pipeline_put(pipeline, argv[i]); /* waits while the queue is full */
    if (weir_pipeline_finish(pipeline, WEIR_NEVER, &report) == WEIR_OK)
        printf("%zu words\n", (size_t)total);
    weir_report_print(report, WEIR_TABLE, stderr);
    weir_report_free(report);
    return weir_pipeline_destroy(pipeline) != WEIR_OK;
}
