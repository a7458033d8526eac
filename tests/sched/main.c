/*
 * main.c - runs scenarios under the scheduler, and prints what was explored.
 *
 * Each search (a scenario under a memory model) has a process of its own. A failed run leaves the library's static
 * state as it is, and several searches can run at once.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "explore.h"
#include "machine.h"
#include "scenarios.h"

enum { MODELS = 3, MOST_JOBS = 64, UNBOUNDED_SPENDING = 1000 };

static const char *const model_names[MODELS] = {"sc", "tso", "weak"};

static struct {
    int model; /* -1: all */
    int bound; /* -1: computed from base, deeper and the scenario */
    int base;
    int deeper;
    int jobs;
    unsigned long random; /* number of runs; 0: exhaustive search */
    unsigned long long seed;
    double seconds; /* maximum for one search; 0: no limit */
    const char *replay;
    const char *filter;
    int part, parts; /* every scenario number `part` of `parts` */
} options = {.model = -1, .bound = -1, .base = 2, .seed = 1, .jobs = 1, .parts = 1};

/* The result of a search. */
struct result {
    unsigned long runs;
    bool failed, complete;
    double seconds;
};

struct job {
    pid_t process; /* 0: none */
    int result;    /* the end of a pipe */
    const struct scenario *scenario;
    int model;
};

static struct job jobs[MOST_JOBS];
static int running, failures;
static unsigned long total;

static double seconds_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

/* ---- a search, in its own process ---- */

static int bound_of(const struct scenario *scenario) {
    if (options.bound >= 0)
        return options.bound;
    int bound = options.base + (scenario->core ? options.deeper : 0) - (int)scenario->large;
    return bound > 0 ? bound : 0;
}

static void prepare(const struct scenario *scenario) {
    if (options.replay != NULL)
        explore_replay(options.replay);
    else if (options.random > 0)
        explore_random(options.seed, UNBOUNDED_SPENDING);
    else
        explore_all(bound_of(scenario));
}

static struct result search(const struct scenario *scenario, int model) {
    struct result result = {.complete = true};
    unsigned long most = options.replay != NULL ? 1 : scenario->large > 0 ? (options.random + 4) / 5 : options.random;
    double from = seconds_now();
    prepare(scenario);
    machine_begin((enum model)model);
    while (result.complete && !result.failed && (most == 0 || result.runs < most) && explore_next()) {
        machine_run(scenario->run);
        result.runs++;
        result.failed = machine_failure() != NULL;
        if (options.seconds > 0 && result.runs % 1024 == 0)
            result.complete = seconds_now() - from < options.seconds;
    }
    result.seconds = seconds_now() - from;
    if (result.failed) {
        printf("FAIL %s: %s\n", scenario->name, machine_failure());
        printf("     replay with: --model %s --replay '%s' %s\n", model_names[model], explore_schedule(),
               scenario->name);
    }
    fflush(stdout);
    return result;
}

/* ---- the searches together ---- */

static void describe(char *text, size_t size, const struct scenario *scenario) {
    if (options.replay != NULL)
        snprintf(text, size, "replay");
    else if (options.random > 0)
        snprintf(text, size, "seed %llu", options.seed);
    else
        snprintf(text, size, "budget %d", bound_of(scenario));
}

static void report(const struct job *job, const struct result *result) {
    char how[40];
    describe(how, sizeof how, job->scenario);
    total += result->runs;
    failures += result->failed;
    printf("%-26s %-5s %-9s %10lu schedules %7.1f s%s\n", job->scenario->name, model_names[job->model], how,
           result->runs, result->seconds, result->complete ? "" : "  not exhausted");
    fflush(stdout);
}

static void start(struct job *job) {
    int ends[2];
    if (pipe(ends) != 0 || (job->process = fork()) < 0) {
        perror("sched");
        exit(1);
    }
    if (job->process == 0) {
        struct result result = search(job->scenario, job->model);
        /* Not _exit, which writes no counts for coverage; `stdout` is empty at a fork. */
        exit(write(ends[1], &result, sizeof result) == (ssize_t)sizeof result ? 0 : 1);
    }
    close(ends[1]);
    job->result = ends[0];
    running++;
}

/* Blocks until one search ends, and reports it. */
static void finish_one(void) {
    struct result result = {.failed = true};
    pid_t process = waitpid(-1, NULL, 0);
    struct job *job = jobs;
    while (job->process != process)
        job++;
    if (read(job->result, &result, sizeof result) != (ssize_t)sizeof result)
        printf("FAIL %s: its process died\n", job->scenario->name);
    close(job->result);
    report(job, &result);
    job->process = 0;
    running--;
}

static void add(const struct scenario *scenario, int model) {
    if (running == options.jobs)
        finish_one();
    struct job *job = jobs;
    while (job->process != 0)
        job++;
    job->scenario = scenario;
    job->model = model;
    start(job);
}

static void run_all(void) {
    for (const struct scenario *s = scenarios; s->name != NULL; s++) {
        if ((s - scenarios) % options.parts != options.part)
            continue;
        if (options.filter != NULL && strstr(s->name, options.filter) == NULL)
            continue;
        for (int model = 0; model < MODELS; model++) {
            if (options.model < 0 || options.model == model)
                add(s, model);
        }
    }
    while (running > 0)
        finish_one();
}

/* ---- the command line ---- */

static int usage(void) {
    fputs("usage: sched [--model sc|tso|weak] [--bound N] [--base N] [--deeper N] [--random RUNS] [--seed N]\n"
          "             [--seconds N] [--jobs N] [--part K/N] [--replay SCHEDULE] [--trace] [--barrier] [--list]\n"
          "             [part of a scenario's name]\n",
          stderr);
    return 2;
}

/* With the budgets that the options before --list give. */
static int list(void) {
    for (const struct scenario *s = scenarios; s->name != NULL; s++)
        printf("%-26s budget %d  %s\n", s->name, bound_of(s), s->shows);
    return 0;
}

static bool set_model(const char *name) {
    for (int i = 0; i < MODELS; i++) {
        if (strcmp(name, model_names[i]) == 0)
            options.model = i;
    }
    return options.model >= 0;
}

/* "K/N": every N-th scenario, from the K-th on, counted from 0. */
static bool set_part(const char *text) {
    return sscanf(text, "%d/%d", &options.part, &options.parts) == 2 && options.part >= 0 &&
           options.part < options.parts;
}

/* Sets an option that has a value. Returns false if the option does not exist or does not have this value. */
static bool set_option(const char *name, const char *value) {
    if (strcmp(name, "--model") == 0)
        return set_model(value);
    if (strcmp(name, "--part") == 0)
        return set_part(value);
    if (strcmp(name, "--bound") == 0)
        options.bound = atoi(value);
    else if (strcmp(name, "--base") == 0)
        options.base = atoi(value);
    else if (strcmp(name, "--deeper") == 0)
        options.deeper = atoi(value);
    else if (strcmp(name, "--random") == 0)
        options.random = strtoul(value, NULL, 10);
    else if (strcmp(name, "--seed") == 0)
        options.seed = strtoull(value, NULL, 10);
    else if (strcmp(name, "--seconds") == 0)
        options.seconds = atof(value);
    else if (strcmp(name, "--jobs") == 0)
        options.jobs = atoi(value);
    else if (strcmp(name, "--replay") == 0)
        options.replay = value;
    else
        return false;
    return options.jobs >= 1 && options.jobs <= MOST_JOBS;
}

int main(int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--list") == 0)
            return list();
        if (strcmp(argv[i], "--trace") == 0)
            machine_tracing = true;
        else if (strcmp(argv[i], "--barrier") == 0)
            sched_barrier(true);
        else if (argv[i][0] != '-')
            options.filter = argv[i];
        else if (i + 1 == argc || !set_option(argv[i], argv[i + 1]))
            return usage();
        else
            i++;
    }
    double from = seconds_now();
    run_all();
    double took = seconds_now() - from;
    printf("%lu schedules in %.1f s (%.0f a second), %d failed\n", total, took, (double)total / took, failures);
    return failures == 0 ? 0 : 1;
}
