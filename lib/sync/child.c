/*
 * child.c - Implements child processes by posix_spawn(3): nothing of this process is copied, so that a start takes the
 * same time in a large process, and no lock of another thread stays held in the child.
 *
 * The number of a child, which is also that of its group, belongs to it until it is reaped. Its group is therefore
 * killed before that, and no signal is sent after it. Nothing here waits for children in general (-1): their
 * statuses belong to the program.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE /* posix_spawn_file_actions_addchdir_np, posix_spawn_file_actions_addclosefrom_np, wait4 */

#include "sync/child.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <weir/signals.h>

#include "sync/child_confined.h"
#include "sync/lift.h"
#include "sync/thread.h"

extern char **environ;

/* ---- start ---- */

static int set_directory(posix_spawn_file_actions_t *files, const char *directory) {
    if (directory == NULL)
        return 0;
#ifdef WEIR_SPAWN_CHDIR
    return posix_spawn_file_actions_addchdir_np(files, directory);
#else
    (void)files;
    return ENOSYS;
#endif
}

/* Closes what other threads have opened without O_CLOEXEC. */
static int close_others(posix_spawn_file_actions_t *files, int last) {
#ifdef WEIR_SPAWN_CLOSEFROM
    return posix_spawn_file_actions_addclosefrom_np(files, last + 1);
#else
    (void)files;
    (void)last;
    return 0;
#endif
}

static int set_files(posix_spawn_file_actions_t *files, const weir__child_options *options) {
    int error = 0;
    for (int stream = 0; error == 0 && stream <= WEIR__LAST_STANDARD; stream++)
        error = posix_spawn_file_actions_adddup2(files, options->streams[stream], stream);
    for (int i = 0; error == 0 && i < options->more_count; i++)
        error = posix_spawn_file_actions_adddup2(files, options->more[i], WEIR__LAST_STANDARD + 1 + i);
    if (error == 0)
        error = set_directory(files, options->directory);
    return error != 0 ? error : close_others(files, WEIR__LAST_STANDARD + options->more_count);
}

static void set_attributes(posix_spawnattr_t *attributes) {
    sigset_t mask, defaults;
    weir_signals_original(&mask);
    sigemptyset(&defaults);
    for (size_t i = 0; i < sizeof weir__reset_signals / sizeof weir__reset_signals[0]; i++)
        sigaddset(&defaults, weir__reset_signals[i]);
    posix_spawnattr_setsigmask(attributes, &mask);
    posix_spawnattr_setsigdefault(attributes, &defaults);
    posix_spawnattr_setpgroup(attributes, 0);
    posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
}

static int spawn(pid_t *pid, const weir__child_options *options, posix_spawnattr_t *attributes) {
    if (options->limits != NULL)
        return weir__child_confined(pid, options);
    posix_spawn_file_actions_t files;
    int error = posix_spawn_file_actions_init(&files);
    if (error != 0)
        return error;
    error = set_files(&files, options);
    char *const *env = options->env != NULL ? (char *const *)options->env : environ;
    if (error == 0)
        error = posix_spawnp(pid, options->argv[0], &files, attributes, (char *const *)options->argv, env);
    posix_spawn_file_actions_destroy(&files);
    return error;
}

/* Returns a descriptor above the standard streams, or -1. */
static int end_of(pid_t pid) {
    int end = -1;
#ifdef SYS_pidfd_open
    end = weir__lift((int)syscall(SYS_pidfd_open, pid, 0));
#else
    (void)pid;
#endif
    return end;
}

int weir__child_start(weir__child *child, const weir__child_options *options) {
    posix_spawnattr_t attributes;
    pid_t pid = 0;
    int before = weir__uncancellable_begin(), error = posix_spawnattr_init(&attributes);
    if (error == 0) {
        set_attributes(&attributes);
        error = spawn(&pid, options, &attributes);
        posix_spawnattr_destroy(&attributes);
    }
    if (error == 0)
        *child = (weir__child){.pid = pid, .ended = end_of(pid)};
    weir__uncancellable_end(before);
    return error;
}

/* ---- end ---- */

/* Returns 1 if it has ended and is not reaped, 0 if it runs, -1 if another part of the program has reaped it. */
static int look(pid_t pid) {
    siginfo_t info = {.si_pid = 0};
    int found = waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT);
    return found == 0 ? info.si_pid == pid : errno == ECHILD ? -1 : 0;
}

bool weir__child_has_ended(const weir__child *child) {
    int before = weir__uncancellable_begin();
    bool ended = look(child->pid) != 0;
    weir__uncancellable_end(before);
    return ended;
}

/* Whether the number of the child is still its own: a zombie keeps it. */
static bool has_number(const weir__child *child) {
    int before = weir__uncancellable_begin();
    bool has = look(child->pid) >= 0;
    weir__uncancellable_end(before);
    return has;
}

void weir__child_terminate(const weir__child *child) {
    if (!has_number(child))
        return;
    if (kill(-child->pid, SIGTERM) != 0)
        (void)kill(child->pid, SIGTERM); /* it has joined another group */
    (void)kill(-child->pid, SIGCONT);    /* a stopped process, as by a read of the terminal, would not act on it */
}

void weir__child_kill(const weir__child *child) {
    if (!has_number(child))
        return;
    (void)kill(-child->pid, SIGKILL);
    (void)kill(child->pid, SIGKILL);
}

static uint64_t nanoseconds(struct timeval time) {
    return (uint64_t)time.tv_sec * 1000000000 + (uint64_t)time.tv_usec * 1000;
}

weir__child_end weir__child_reap(weir__child *child) {
    weir__child_end end = {.known = false};
    struct rusage usage;
    int status, before = weir__uncancellable_begin();
    pid_t reaped = -1;
    if (look(child->pid) == 1) {
        (void)kill(-child->pid, SIGKILL);
        do
            reaped = wait4(child->pid, &status, 0, &usage);
        while (reaped < 0 && errno == EINTR);
    }
    if (reaped == child->pid) {
        end.known = true;
        end.status = WIFEXITED(status) ? WEXITSTATUS(status) : 0;
        end.signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
        end.used = nanoseconds(usage.ru_utime) + nanoseconds(usage.ru_stime);
    }
    if (child->ended >= 0)
        close(child->ended);
    weir__uncancellable_end(before);
    return end;
}

weir__child_end weir__child_leave(weir__child *child) {
    int before = weir__uncancellable_begin();
    if (child->ended >= 0)
        close(child->ended);
    weir__uncancellable_end(before);
    return (weir__child_end){.known = false};
}

/* ---- names ---- */

bool weir__signal_is_of_limit(int signal) {
    return signal == SIGXCPU || signal == SIGXFSZ;
}

void weir__signal_name(int signal, char name[WEIR__SIGNAL_NAME]) {
    static const struct {
        int number;
        const char *name;
    } names[] = {{SIGHUP, "HUP"},   {SIGINT, "INT"},   {SIGQUIT, "QUIT"}, {SIGILL, "ILL"},   {SIGTRAP, "TRAP"},
                 {SIGABRT, "ABRT"}, {SIGBUS, "BUS"},   {SIGFPE, "FPE"},   {SIGKILL, "KILL"}, {SIGUSR1, "USR1"},
                 {SIGSEGV, "SEGV"}, {SIGUSR2, "USR2"}, {SIGPIPE, "PIPE"}, {SIGALRM, "ALRM"}, {SIGTERM, "TERM"},
                 {SIGXCPU, "XCPU"}, {SIGXFSZ, "XFSZ"}, {SIGSYS, "SYS"}};
    (void)snprintf(name, WEIR__SIGNAL_NAME, "signal %d", signal);
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        if (names[i].number == signal)
            (void)snprintf(name, WEIR__SIGNAL_NAME, "SIG%s", names[i].name);
}
