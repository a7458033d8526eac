/*
 * image_pipeline_run.c - for test_image_pipeline.c: starts programs and waits for their exit.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE

#include <check.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#if defined(__linux__)
#include <sys/prctl.h>
#endif

#include "image_pipeline_run.h"
#include "terminal.h"

enum { HANGS_AFTER = 60 /* seconds */, MAX_ARGUMENTS = 32 };

const char *thumbs_path(void) {
    return getenv("WEIR_THUMBS");
}

const char *make_photos_path(void) {
    return getenv("WEIR_MAKE_PHOTOS");
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void nap(void) {
    nanosleep(&(struct timespec){.tv_nsec = 5000000}, NULL);
}

bool wait_until(bool (*condition)(const void *argument), const void *argument) {
    double end = now() + HANGS_AFTER;
    while (!condition(argument)) {
        if (now() > end)
            return false;
        nap();
    }
    return true;
}

void die_with_parent(pid_t parent) {
#if defined(__linux__)
    prctl(PR_SET_PDEATHSIG, SIGKILL);
#endif
    if (getppid() != parent)
        _exit(127);
}

/*
 * Returns a temporary folder for each test, so that a leftover file is attributed to its test. `parent` runs the
 * test.
 */
static const char *temporary_folder(pid_t parent) {
    return in_root("tmp-%d", (int)parent);
}

/* Puts the child into a known state, independent of the test's environment. */
static void clean_up(pid_t parent) {
    sigset_t none;
    sigemptyset(&none);
    signal(SIGINT, SIG_DFL);
    signal(SIGTERM, SIG_DFL);
    signal(SIGHUP, SIG_DFL);
    sigprocmask(SIG_SETMASK, &none, NULL);
    die_with_parent(parent);
    mkdir(temporary_folder(parent), 0777);         /* or it exists since an earlier run */
    setenv("TMPDIR", temporary_folder(parent), 1); /* to detect leftover files */
}

static void open_as(const char *path, int flags, int descriptor) {
    int file = open(path, flags, 0666);
    if (file < 0 || dup2(file, descriptor) < 0)
        _exit(126);
    if (file != descriptor)
        close(file);
}

/*
 * Forks with all signals blocked. Until the child has reset the handlers it has those of the test framework, which
 * would kill the test.
 */
static pid_t fork_blocked(void) {
    sigset_t all, before;
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    pid_t pid = fork();
    if (pid != 0)
        sigprocmask(SIG_SETMASK, &before, NULL);
    ck_assert_int_ge(pid, 0);
    return pid;
}

struct program program_start(const char *const *arguments, const char *input) {
    static unsigned number;
    struct program program = {.terminal = -1};
    number++;
    snprintf(program.out, sizeof program.out, "%s", in_root("run-%d-%u.out", (int)getpid(), number));
    snprintf(program.err, sizeof program.err, "%s", in_root("run-%d-%u.err", (int)getpid(), number));
    write_text(program.out, ""); /* exists from the start, for callers that poll its content */
    write_text(program.err, "");
    pid_t parent = getpid();
    program.pid = fork_blocked();
    if (program.pid == 0) {
        clean_up(parent);
        open_as(input == NULL ? "/dev/null" : input, O_RDONLY, STDIN_FILENO);
        open_as(program.out, O_WRONLY | O_CREAT | O_TRUNC, STDOUT_FILENO);
        open_as(program.err, O_WRONLY | O_CREAT | O_TRUNC, STDERR_FILENO);
        execv(arguments[0], (char *const *)(uintptr_t)arguments);
        _exit(126);
    }
    return program;
}

struct program program_start_on_terminal(const char *const *arguments) {
    struct terminal terminal;
    struct program program = {.terminal = -1};
    if (!terminal_open(&terminal, 100))
        return program;
    program.terminal = terminal.master;
    pid_t parent = getpid();
    program.pid = fork_blocked();
    if (program.pid == 0) {
        clean_up(parent);
        setsid();
        ioctl(terminal.slave, TIOCSCTTY, 0);
        open_as("/dev/null", O_RDONLY, STDIN_FILENO);
        dup2(terminal.slave, STDOUT_FILENO);
        dup2(terminal.slave, STDERR_FILENO);
        execv(arguments[0], (char *const *)(uintptr_t)arguments);
        _exit(126);
    }
    close(terminal.slave);
    return program;
}

/* Reads until the program has closed its terminal, which is reported as an error. */
static char *read_terminal(int terminal) {
    char *text = calloc(1, 1 << 20);
    ck_assert_ptr_nonnull(text);
    size_t used = 0;
    struct pollfd poll_set = {.fd = terminal, .events = POLLIN};
    while (used < (1 << 20) - 1 && poll(&poll_set, 1, HANGS_AFTER * 1000) > 0) {
        ssize_t got = read(terminal, text + used, (1 << 20) - 1 - used);
        if (got > 0)
            used += (size_t)got;
        else if (got == 0 || errno != EINTR)
            break;
    }
    return text;
}

static int wait_for(pid_t pid) {
    double end = now() + HANGS_AFTER;
    int status;
    while (waitpid(pid, &status, WNOHANG) == 0) {
        if (now() > end) {
            kill(pid, SIGKILL);
            waitpid(pid, &status, 0);
            return -1;
        }
        nap();
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

struct result program_end(struct program *program) {
    struct result result = {.status = -1};
    if (program->terminal >= 0) {
        result.out = read_terminal(program->terminal);
        result.err = calloc(1, 1);
        close(program->terminal);
        result.status = wait_for(program->pid);
    } else {
        result.status = wait_for(program->pid);
        result.out = read_file(program->out, NULL);
        result.err = read_file(program->err, NULL);
    }
    ck_assert_msg(result.status != -1, "hung: %s%s", result.out, result.err);
    const char *left = any_file(temporary_folder(getpid()));
    ck_assert_msg(left == NULL, "left %s in TMPDIR", left);
    return result;
}

struct result program_finish(struct program *program) {
    struct result result = program_end(program);
    ck_assert_msg(result.status < 126, "status %d: %s%s", result.status, result.out, result.err);
    return result;
}

void result_free(struct result *result) {
    free(result->out);
    free(result->err);
}

/* Collects the arguments behind `path` up to the NULL. */
static void collect(const char *list[MAX_ARGUMENTS], const char *path, const char *first, va_list rest) {
    size_t count = 0;
    list[count++] = path;
    for (const char *argument = first; argument != NULL; argument = va_arg(rest, const char *)) {
        ck_assert_uint_lt(count, MAX_ARGUMENTS - 1);
        list[count++] = argument;
    }
    list[count] = NULL;
}

struct program start_thumbs(const char *first, ...) {
    const char *arguments[MAX_ARGUMENTS];
    va_list rest;
    va_start(rest, first);
    collect(arguments, thumbs_path(), first, rest);
    va_end(rest);
    return program_start(arguments, NULL);
}

struct result run_thumbs(const char *first, ...) {
    const char *arguments[MAX_ARGUMENTS];
    va_list rest;
    va_start(rest, first);
    collect(arguments, thumbs_path(), first, rest);
    va_end(rest);
    struct program program = program_start(arguments, NULL);
    return program_finish(&program);
}

struct result run_make_photos(const char *first, ...) {
    const char *arguments[MAX_ARGUMENTS];
    va_list rest;
    va_start(rest, first);
    collect(arguments, make_photos_path(), first, rest);
    va_end(rest);
    struct program program = program_start(arguments, NULL);
    return program_finish(&program);
}
