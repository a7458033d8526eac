/*
 * pairs.c - see pairs.h.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "pairs.h"

#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "support.h"

enum { AGAIN = 77, TRIES = 50 };

static bool forked, again;

void pair_fail(const char *format, ...) {
    va_list rest;
    va_start(rest, format);
    vfprintf(stderr, format, rest);
    va_end(rest);
    fputc('\n', stderr);
    if (!forked)
        abort();
    _exit(EXIT_FAILURE);
}

void pair_again(void) {
    again = true;
}

static bool forks(void) {
    const char *wanted = getenv("CK_FORK");
    return wanted == NULL || strcmp(wanted, "no") != 0;
}

/*
 * Whether the child is checked for leaks at its exit, if a sanitizer does that. All are by default. The check takes longer
 * than most scenes; WEIR_LEAKS=N selects one child in eight, those of number N modulo 8.
 */
static bool is_checked(unsigned number) {
    enum { SHARE = 8 };
    const char *wanted = getenv("WEIR_LEAKS");
    return wanted == NULL || number % SHARE == strtoul(wanted, NULL, 10) % SHARE;
}

static _Noreturn void run_child(void (*scene)(void *arg), void *arg, unsigned number) {
    forked = true;
    alarm(HANG_SECONDS);
    scene(arg);
    fflush(NULL);
    if (!is_checked(number))
        _exit(again ? AGAIN : EXIT_SUCCESS);
    exit(again ? AGAIN : EXIT_SUCCESS); /* not _exit: a sanitizer checks for leaks at exit */
}

/* Runs the scene in a child process, or in this process if forking is disabled. Returns its wait status. */
static int run_once(void (*scene)(void *arg), void *arg) {
    static unsigned number;
    int status = -1;
    again = false;
    number++;
    if (forks()) {
        fflush(NULL);
        pid_t child = fork();
        if (child == 0)
            run_child(scene, arg, number);
        if (child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status))
            again = WEXITSTATUS(status) == AGAIN;
        return status;
    }
    scene(arg);
    return 0;
}

static void tell(const char *name, int status) {
    if (WIFSIGNALED(status))
        fprintf(stderr, "FAIL: %s: it %s\n", name, WTERMSIG(status) == SIGALRM ? "hangs" : "crashes");
    else
        fprintf(stderr, "FAIL: %s: it ends with %d\n", name, WEXITSTATUS(status));
}

bool pair_run(const char *name, void (*scene)(void *arg), void *arg) {
    int status = run_once(scene, arg);
    for (int i = 1; again && i < TRIES; i++)
        status = run_once(scene, arg);
    if (!again && WIFEXITED(status) && WEXITSTATUS(status) == EXIT_SUCCESS)
        return true;
    tell(name, status);
    return false;
}

size_t public_names(const char *prefix, const char **names, size_t most) {
    static char lines[256][64];
    const char *top = getenv("top_srcdir");
    char path[4096];
    size_t count = 0;
    snprintf(path, sizeof path, "%s/lib/weir.sym", top == NULL ? "." : top);
    FILE *file = fopen(path, "r");
    if (file == NULL)
        return 0;
    while (count < most && count < COUNT_OF(lines) && fgets(lines[count], sizeof lines[count], file) != NULL) {
        lines[count][strcspn(lines[count], "\n")] = '\0';
        if (strncmp(lines[count], prefix, strlen(prefix)) != 0)
            continue;
        names[count] = lines[count];
        count++;
    }
    fclose(file);
    return count;
}
