/*
 * stress_children.c - many commands one after the other, and parents and children that are killed at random moments.
 *
 *     stress_children [COMMANDS [PARENTS [SEED [KILLS]]]]
 *
 * KILLS are those of children; stress_kills.h has what must hold then. The commands must leave no descriptor, no zombie
 * and no memory. A killed parent must leave no child: each child holds the pipe that is its parent's standard output.
 * Orphans come to this process, which takes their statuses. Their shared memory has no name, so that none of it can be
 * left. Prints the longest time from a kill to the end of the children.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE /* pipe2, PR_SET_CHILD_SUBREAPER */
#include <weir.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifdef __linux__
#include <sys/prctl.h>
#endif

#include "stress_kills.h"

enum { THREADS = 4, PAYLOAD = 100000, HANG = 20000, LONGEST = 60000 }; /* the last two: ms, us */

static _Noreturn void die(const char *what) {
    (void)fprintf(stderr, "stress_children: %s\n", what);
    exit(EXIT_FAILURE);
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
}

static uint64_t next(uint64_t *seed) {
    *seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return *seed >> 33;
}

/* ---- what must not be left ---- */

static int descriptors(void) {
    int count = 0;
    for (int fd = 0; fd < 1024; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED
#endif
#endif

/* Resident pages; 0 if the system does not tell, or a sanitizer keeps what was freed. */
static long pages(void) {
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || defined(SANITIZED)
    return 0;
#else
    FILE *file = fopen("/proc/self/statm", "r");
    long all, resident = 0;
    if (file == NULL)
        return 0;
    if (fscanf(file, "%ld %ld", &all, &resident) != 2)
        resident = 0;
    (void)fclose(file);
    return resident;
#endif
}

static int has_no_child(void) {
    return waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD;
}

/* ---- commands ---- */

static int run_true(weir_task *task, void *item, void *unused) {
    static const char *const argv[] = {"true", NULL};
    (void)item;
    (void)unused;
    return weir_command_run(task, &(weir_command){.argv = argv}, NULL);
}

static void run_commands(unsigned long count) {
    weir_pipeline *pipeline = NULL;
    weir_stage_options stage = {.name = "run", .work.run = run_true, .threads.count = THREADS};
    int before = descriptors();
    long pages_before = 0;
    if (weir_pipeline_create(&pipeline, NULL) != WEIR_OK || weir_pipeline_add(pipeline, NULL, &stage) != WEIR_OK ||
        weir_pipeline_start(pipeline) != WEIR_OK)
        die("no pipeline");
    for (unsigned long i = 0; i < count; i++) {
        if (i == count / 2)
            pages_before = pages();
        if (weir_pipeline_put(pipeline, NULL) != WEIR_OK)
            die("no put");
    }
    long pages_after = pages();
    if (weir_pipeline_finish(pipeline, WEIR_NEVER, NULL) != WEIR_OK)
        die("a command has failed");
    weir_pipeline_destroy(pipeline);
    printf("%lu commands: %d descriptors before and %d after, %ld pages in the middle and %ld at the end\n", count,
           before, descriptors(), pages_before, pages_after);
    if (descriptors() != before || !has_no_child() || pages_after > pages_before + 1024)
        die("they have left something");
}

/* ---- parents ---- */

/* In a child. */
static int echo(const void *in, size_t size, weir_process_payload *out, void *unused) {
    (void)unused;
    memcpy(out->data, in, size);
    out->size = size;
    return 0;
}

static int encode(weir_task *task, const void *item, weir_process_payload *to, void *unused) {
    (void)task;
    (void)item;
    (void)unused;
    memset(to->data, 'x', PAYLOAD);
    to->size = PAYLOAD;
    return 0;
}

static int decode(weir_task *task, void *item, const void *from, size_t size, void *unused) {
    (void)item;
    (void)from;
    (void)unused;
    return size == PAYLOAD ? 0 : weir_task_fail(task, 1, "%zu bytes", size);
}

/* Runs items in child processes, one by one or in batches, until it is killed. Some children are replaced all the time. */
static _Noreturn void be_parent(size_t batch) {
    static weir_process process = {
        .function = "echo", .encode = encode, .decode = decode, .payload = PAYLOAD, .most_items = 20};
    weir_pipeline *pipeline = NULL;
    weir_stage_options stage = {.name = "echo", .threads.count = 2};
    if (batch > 1)
        stage.work.run_batch = weir_process_run_batch;
    else
        stage.work.run = weir_process_run;
    stage.batch.items = batch > 1 ? batch : 0;
    stage.work.init = weir_process_init;
    stage.work.fini = weir_process_fini;
    stage.work.arg = &process;
    if (weir_pipeline_create(&pipeline, NULL) != WEIR_OK || weir_pipeline_add(pipeline, NULL, &stage) != WEIR_OK)
        _exit(EXIT_FAILURE);
    if (weir_pipeline_start(pipeline) != WEIR_OK)
        _exit(77);
    while (weir_pipeline_put(pipeline, NULL) == WEIR_OK)
        ;
    _exit(EXIT_FAILURE);
}

/* Blocks until the pipe is closed by all. Returns whether that has happened in time. */
static int await_end(int fd) {
    char bytes[256];
    struct pollfd polled = {.fd = fd, .events = POLLIN};
    ssize_t size = 1;
    while (size > 0 && poll(&polled, 1, HANG) == 1)
        size = read(fd, bytes, sizeof bytes);
    return size == 0;
}

/* Takes the statuses of the orphans. Returns whether all have come. */
static int reap_all(void) {
    for (int tries = 0; tries < HANG; tries++) {
        if (has_no_child())
            return 1;
        usleep(1000);
    }
    return 0;
}

/*
 * Kills a parent with batches of so many items after some time. Returns the seconds until its children have ended; -1: it
 * has none here.
 */
static double kill_parent(const char *program, const char *batch, useconds_t after) {
    int ends[2], status = 0;
    if (pipe2(ends, O_CLOEXEC) != 0)
        die("no pipe");
    pid_t parent = fork();
    if (parent == 0) {
        dup2(ends[1], STDOUT_FILENO);
        execl(program, program, "--parent", batch, (char *)NULL);
        _exit(errno == ENOEXEC ? 77 : EXIT_FAILURE);
    }
    close(ends[1]);
    usleep(after);
    double start = now();
    kill(parent, SIGKILL);
    waitpid(parent, &status, 0);
    int ended = await_end(ends[0]);
    double end = now();
    close(ends[0]);
    if (!ended || !reap_all())
        die("a killed parent has left a child");
    if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_FAILURE)
        die("a parent has ended before it was killed");
    return WIFEXITED(status) && WEXITSTATUS(status) == 77 ? -1 : end - start;
}

/* Returns whether child processes run here. */
static int kill_parents(unsigned long count, uint64_t seed) {
    static const char *const batches[] = {"1", "7", "300"}; /* more than the shared memory has room for, too */
    char program[4096] = ""; /* its own name: an emulator tells that one, and the system may not run it by itself */
    double longest = 0;
    if (readlink("/proc/self/exe", program, sizeof program - 1) < 0)
        die("its own name cannot be read");
    printf("parents: seed %ju\n", (uintmax_t)seed);
    for (unsigned long i = 0; i < count; i++) {
        double took = kill_parent(program, batches[i % 3], (useconds_t)(next(&seed) % LONGEST));
        if (took < 0) {
            printf("SKIPPED: no child processes here\n");
            return 0;
        }
        longest = took > longest ? took : longest;
    }
    printf("%lu parents killed: no child left; the last one had ended after %.3f s at most\n", count, longest);
    return 1;
}

static void kill_workers(unsigned long count, uint64_t seed) {
    int before = descriptors();
    kill_children(count, seed);
    printf("%d descriptors before and %d after\n", before, descriptors());
    if (descriptors() != before || !has_no_child())
        die("killed children have left something");
}

int main(int argc, char **argv) {
    static const weir_process_entry table[] = {
        {.name = "echo", .func = echo}, {.name = "kills", .func = kills_work, .init = kills_init}, {.name = NULL}};
    weir_process_main(argc, argv, table);
    if (argc == 3 && strcmp(argv[1], "--parent") == 0)
        be_parent(strtoul(argv[2], NULL, 10));
    unsigned long commands = argc > 1 ? strtoul(argv[1], NULL, 10) : 500;
    unsigned long parents = argc > 2 ? strtoul(argv[2], NULL, 10) : 10;
    uint64_t seed = argc > 3 ? strtoull(argv[3], NULL, 10) : (uint64_t)time(NULL);
    unsigned long kills = argc > 4 ? strtoul(argv[4], NULL, 10) : 200;
    run_commands(commands);
#ifdef __linux__
    (void)prctl(PR_SET_CHILD_SUBREAPER, 1);
    if (kill_parents(parents, seed))
        kill_workers(kills, seed);
#else
    (void)parents;
    (void)kills;
    (void)seed;
#endif
    return EXIT_SUCCESS;
}
