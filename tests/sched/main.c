/*
 * main.c - runs scenarios under the scheduler, and prints what was explored.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "explore.h"
#include "machine.h"
#include "scenarios.h"

static const char *const model_names[] = {"sc", "tso", "weak"};

static struct {
    int model; /* -1: each */
    int bound; /* -1: the scenario's */
    int deeper;
    unsigned long random;
    uint64_t seed;
    double seconds; /* most for one search; 0: no limit */
    const char *replay;
    const char *filter;
} options = {.model = -1, .bound = -1, .seed = 1};

static unsigned long total;
static int failures;

static double seconds_now(void) {
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec * 1e-9;
}

static void report_failure(const struct scenario *scenario, const char *model, const char *search) {
    printf("FAIL %s (%s, %s): %s\n", scenario->name, model, search, machine_failure());
    printf("     replay with: --model %s --replay '%s' %s\n", model, explore_schedule(), scenario->name);
    failures++;
}

static void search(const struct scenario *scenario, int model, const char *what, unsigned long most) {
    unsigned long runs = 0;
    double from = seconds_now(), took = 0;
    bool complete = true;
    machine_begin((enum model)model);
    while (explore_next()) {
        machine_run(scenario->run);
        runs++;
        if (machine_failure() != NULL) {
            report_failure(scenario, model_names[model], what);
            break;
        }
        if (runs == most)
            break;
        if (options.seconds > 0 && runs % 1024 == 0 && seconds_now() - from > options.seconds) {
            complete = false;
            break;
        }
    }
    took = seconds_now() - from;
    total += runs;
    printf("%-34s %-5s %-12s %10lu schedules %7.1f s%s\n", scenario->name, model_names[model], what, runs, took,
           complete ? "" : "  (not exhausted)");
    fflush(stdout);
}

static int bound_of(const struct scenario *scenario, int model) {
    if (options.bound >= 0)
        return options.bound;
    int bound = scenario->bound > 0 ? scenario->bound : 2;
    if (model != MODEL_SC)
        bound = scenario->weak_bound > 0 ? scenario->weak_bound : bound;
    return bound + (scenario->core ? options.deeper : 0);
}

static void run_model(const struct scenario *scenario, int model) {
    char what[40];
    if (options.replay != NULL) {
        explore_replay(options.replay);
        search(scenario, model, "replay", 1);
    } else if (options.random > 0) {
        explore_random(options.seed, 1000);
        snprintf(what, sizeof what, "seed %llu", (unsigned long long)options.seed);
        search(scenario, model, what, options.random);
    } else {
        int bound = bound_of(scenario, model);
        explore_all(bound);
        snprintf(what, sizeof what, "budget %d", bound);
        search(scenario, model, what, 0);
    }
}

static void run_scenario(const struct scenario *scenario) {
    if (options.filter != NULL && strstr(scenario->name, options.filter) == NULL)
        return;
    for (int model = 0; model < 3; model++) {
        if (options.model < 0 || options.model == model)
            run_model(scenario, model);
    }
}

static int usage(void) {
    fputs("usage: sched [--model sc|tso|weak] [--bound N] [--deeper N] [--random RUNS] [--seed N] [--seconds N]\n"
          "             [--replay SCHEDULE] [--trace] [--list] [part of a scenario's name]\n",
          stderr);
    return 2;
}

static int model_of(const char *name) {
    for (int i = 0; i < 3; i++) {
        if (strcmp(name, model_names[i]) == 0)
            return i;
    }
    exit(usage());
}

static int list(void) {
    for (const struct scenario *s = scenarios; s->name != NULL; s++)
        printf("%-34s %s\n", s->name, s->shows);
    return 0;
}

int main(int argc, char **argv) {
    for (int i = 1; i < argc; i++) {
        const char *word = argv[i], *value = i + 1 < argc ? argv[i + 1] : "";
        if (strcmp(word, "--list") == 0)
            return list();
        if (strcmp(word, "--trace") == 0)
            machine_tracing = true;
        else if (word[0] != '-')
            options.filter = word;
        else if (i + 1 == argc)
            return usage();
        else if (strcmp(word, "--model") == 0)
            options.model = model_of(value), i++;
        else if (strcmp(word, "--bound") == 0)
            options.bound = atoi(value), i++;
        else if (strcmp(word, "--deeper") == 0)
            options.deeper = atoi(value), i++;
        else if (strcmp(word, "--random") == 0)
            options.random = strtoul(value, NULL, 10), i++;
        else if (strcmp(word, "--seed") == 0)
            options.seed = strtoull(value, NULL, 10), i++;
        else if (strcmp(word, "--seconds") == 0)
            options.seconds = atof(value), i++;
        else if (strcmp(word, "--replay") == 0)
            options.replay = value, i++;
        else
            return usage();
    }
    double from = seconds_now();
    for (const struct scenario *s = scenarios; s->name != NULL; s++)
        run_scenario(s);
    double took = seconds_now() - from;
    printf("%lu schedules in %.1f s (%.0f a second), %d failed\n", total, took, (double)total / took, failures);
    return failures == 0 ? 0 : 1;
}
