/*
 * dead_letters.c - a step that fails now and then: retries with back-off, and dead letters for items that are given
 * up.
 *
 *     jobs 1 to 12 -> fetch (4 threads; dead letters) -> done (on the crew, one call at a time)
 *
 * The server that fetch asks is a function below, so that the same jobs fail in every run. It does not know some
 * jobs, and is busy for others, temporarily or always. A busy server may recover, so fetch tries such a job up to
 * four times; an unknown job is not tried again. Each job that is given up becomes a dead letter, which holds the
 * item and the reason. The program prints the dead letters and the number of jobs done, some of them at the third
 * attempt:
 *
 *     fetch gave up job 5 at attempt 1: code 404, there is no job 5
 *     fetch gave up job 10 at attempt 1: code 404, there is no job 10
 *     fetch gave up job 7 at attempt 4: code 503, busy, try again
 *     9 jobs done, 4 of them at a later attempt
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <weir.h>

#include <stdio.h>
#include <stdlib.h>

enum { JOBS = 12, NO_SUCH_JOB = 404, BUSY = 503 };

struct job {
    int number;
    unsigned attempts; /* made so far */
};

struct tally {
    int done, later;
};

static void check(weir_status status, const char *what) {
    if (status != WEIR_OK) {
        fprintf(stderr, "dead_letters: %s: %s\n", what, weir_strerror(status));
        exit(EXIT_FAILURE);
    }
}

static void free_job(void *item, void *arg) {
    (void)arg;
    free(item);
}

/* The server's answer: 0, or an error code. */
static int ask(int number, unsigned attempt) {
    if (number % 5 == 0)
        return NO_SUCH_JOB;
    if (number == 7)
        return BUSY; /* always */
    return number % 3 == 0 && attempt < 3 ? BUSY : 0;
}

static int fetch(weir_task *task, void *item, void *arg) {
    struct job *job = item;
    (void)arg;
    job->attempts = weir_task_attempt(task);
    int code = ask(job->number, job->attempts);
    if (code == NO_SUCH_JOB)
        return weir_task_fail(task, code, "there is no job %d", job->number);
    if (code != 0) /* the job belongs to weir again: for the next attempt or the dead letter */
        return weir_task_fail(task, code, "busy, try again");
    weir_task_emit(task, job);
    return 0;
}

static bool may_pass(int code, void *arg) {
    (void)arg;
    return code == BUSY;
}

static void *count(void *item, void *arg) {
    struct job *job = item;
    struct tally *tally = arg;
    tally->done++;
    tally->later += job->attempts > 1;
    free(job);
    return NULL;
}

static void put_job(weir_pipeline *pipeline, int number) {
    struct job *job = malloc(sizeof *job);
    if (job == NULL)
        check(WEIR_NOMEM, "make a job");
    *job = (struct job){.number = number};
    check(weir_pipeline_put(pipeline, job), "put a job");
}

/* Prints and frees a letter and its item: the reader of the dead letters owns both. */
static void print_letter(weir_dead_letter *letter) {
    struct job *job = letter->item;
    printf("%s gave up job %d at attempt %u: code %d, %s\n", letter->stage, job->number, letter->attempts, letter->code,
           letter->message);
    free(job);
    weir_dead_letter_free(letter);
}

int main(void) {
    weir_queue *dead;
    weir_pipeline *pipeline;
    struct tally tally = {0};
    void *letter;

    /* Read only at the end, so it must have room for all letters. A bounded queue needs a reader during the run. */
    check(weir_queue_create(&dead, WEIR_UNBOUNDED), "create the queue for dead letters");
    const weir_stage_options fetching = {
        .name = "fetch",
        .work.run = fetch,
        .threads.count = 4,
        .input.drop = free_job,
        .errors.on_error = WEIR_SKIP, /* continue with the others; by default the first job given up ends the run */
        .errors.retry = {.attempts = 4, .backoff = 10 * WEIR_MILLISECOND, .when = may_pass},
        .errors.dead = dead,
    };
    const weir_stage_options counting = {
        .name = "done", .work.func = count, .work.arg = &tally, .threads.width = 1, .input.drop = free_job};

    check(weir_pipeline_create(&pipeline, NULL), "create a pipeline");
    check(weir_pipeline_add(pipeline, NULL, &fetching), "add fetch");
    check(weir_pipeline_add(pipeline, NULL, &counting), "add done");
    check(weir_pipeline_start(pipeline), "start");
    for (int number = 1; number <= JOBS; number++)
        put_job(pipeline, number);
    check(weir_pipeline_finish(pipeline, WEIR_NEVER, NULL), "finish"); /* waits for jobs in back-off */
    check(weir_pipeline_destroy(pipeline), "destroy the pipeline");

    while (weir_queue_get(dead, &letter) == WEIR_OK) /* finish has shut it down, so the loop ends */
        print_letter(letter);
    printf("%d jobs done, %d of them at a later attempt\n", tally.done, tally.later);
    check(weir_queue_destroy(dead), "destroy the queue");
    return EXIT_SUCCESS;
}
