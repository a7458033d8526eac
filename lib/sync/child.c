/*
 * child.c - Implements child processes: their start, their end and their groups.
 *
 * The number of a child, which is also that of its group, belongs to it until it is reaped. Its group is therefore
 * killed before that, and no signal is sent after it. Nothing here waits for children in general (-1): their
 * statuses belong to the program.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE /* wait4 */

#include "sync/child.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sync/child_spawn.h"
#include "sync/lift.h"
#include "sync/thread.h"

/* ---- start ---- */

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
    pid_t pid = 0;
    int before = weir__uncancellable_begin(), error = weir__child_spawn(&pid, options);
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
