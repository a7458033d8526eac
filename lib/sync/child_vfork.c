/*
 * child_vfork.c - Implements the start of a child process by vfork(2): the child borrows the memory of this thread,
 * which waits, until its exec. So it makes calls of the system alone, and no function of the program runs in it: all
 * signals are blocked until it has the default actions.
 *
 * What fails in the child is in that memory. Where vfork is emulated by fork, as by valgrind, it comes back through a pipe
 * that the exec closes. That read would block while a process that another thread has forked just then holds the pipe.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE /* close_range, pipe2 */

#include "sync/child_vfork.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <weir/signals.h>

#include "sync/lift.h"
#include "sync/thread.h"

extern char **environ;

enum { MOST_DESCRIPTORS = 1 << 20 }; /* of a process, unless the administrator permits more */

/* What a child says of its start. If vfork is emulated by fork, it says so through the pipe alone. */
typedef struct weir__start {
    volatile bool shared; /* the child has this process's memory */
    volatile int error;   /* of errno; 0: it runs the program. Valid if `shared` */
} weir__start;

/* ---- in the child ---- */

/* Handlers belong to the program. What is ignored stays so, but for some. */
static void reset_signals(void) {
    struct sigaction action;
    const struct sigaction defaults = {.sa_handler = SIG_DFL};
    for (int number = 1; number < NSIG; number++)
        if (sigaction(number, NULL, &action) == 0 && action.sa_handler != SIG_IGN && action.sa_handler != SIG_DFL)
            (void)sigaction(number, &defaults, NULL);
    for (size_t i = 0; i < sizeof weir__reset_signals / sizeof weir__reset_signals[0]; i++)
        (void)sigaction(weir__reset_signals[i], &defaults, NULL);
}

/*
 * Drops what the group of the program was sent while the child was in it, as by a terminal. All signals are blocked.
 * Once they are not, such a signal would end the child; or stop it, and the thread that waits for its exec with it.
 */
static void forget_signals(void) {
    const struct sigaction ignored = {.sa_handler = SIG_IGN}; /* drops a pending signal */
    struct sigaction action;
    sigset_t pending;
    if (sigpending(&pending) != 0)
        return;
    for (int number = 1; number < NSIG; number++)
        if (sigismember(&pending, number) == 1 && sigaction(number, &ignored, &action) == 0)
            (void)sigaction(number, &action, NULL);
}

/* Returns whether the kernel has closed them all. */
static bool close_from(int first, int last) {
#ifdef SYS_close_range
    return first > last || syscall(SYS_close_range, (unsigned)first, (unsigned)last, 0U) == 0;
#else
    (void)first;
    (void)last;
    return false;
#endif
}

#ifdef SYS_getdents64
/* What the call fills a buffer with. */
typedef struct weir__listed {
    uint64_t inode;
    int64_t offset;
    unsigned short length; /* of this struct with its name */
    unsigned char type;
    char name[];
} weir__listed;

/* Closes a descriptor by its name in the list: a number, or the folder itself or the one above. */
static void close_named(const char *name, int last, int kept, int folder) {
    int fd = 0;
    for (; *name >= '0' && *name <= '9'; name++)
        fd = 10 * fd + (*name - '0');
    if (*name == '\0' && fd > last && fd != kept && fd != folder)
        (void)close(fd);
}

/* Closes the descriptors that the system lists. Returns whether it does. */
static bool close_listed(int last, int kept) {
    _Alignas(weir__listed) char buffer[512];
    int folder = open("/proc/self/fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    long size = folder < 0 ? -1 : 1;
    while (size > 0) {
        size = syscall(SYS_getdents64, folder, buffer, sizeof buffer);
        const weir__listed *listed;
        for (long at = 0; at < size; at += listed->length) {
            listed = (const weir__listed *)(const void *)(buffer + at);
            close_named(listed->name, last, kept, folder);
        }
    }
    if (folder >= 0)
        (void)close(folder);
    return size == 0;
}
#else
static bool close_listed(int last, int kept) {
    (void)last;
    (void)kept;
    return false;
}
#endif

/* Closes the descriptors above `last`, without one; on an old kernel those in a list, or else one by one. */
static void close_others(int last, int kept) {
    struct rlimit limit;
    if ((close_from(last + 1, kept - 1) && close_from(kept + 1, INT_MAX)) || close_listed(last, kept))
        return;
    bool known = getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < MOST_DESCRIPTORS;
    for (int fd = last + 1; fd < (known ? (int)limit.rlim_cur : MOST_DESCRIPTORS); fd++)
        if (fd != kept)
            (void)close(fd);
}

/* Returns 0 or an errno. */
static int set_files(const weir__child_options *options, int kept) {
    for (int stream = 0; stream <= WEIR__LAST_STANDARD; stream++)
        if (dup2(options->streams[stream], stream) < 0)
            return errno;
    for (int i = 0; i < options->more_count; i++)
        if (dup2(options->more[i], WEIR__LAST_STANDARD + 1 + i) < 0)
            return errno;
    if (options->directory != NULL && chdir(options->directory) != 0)
        return errno;
    close_others(WEIR__LAST_STANDARD + options->more_count, kept);
    return 0;
}

/* Runs the program in the folder of `length` bytes at `folder`. Returns only if that fails, with an errno. */
static int execute_in(const char *folder, size_t length, char *const *argv, char *const *env, char *path) {
    const char *name = argv[0];
    size_t size = strlen(name);
    if (length + 1 + size >= PATH_MAX)
        return ENAMETOOLONG;
    memcpy(path, folder, length);
    path[length] = '/';
    memcpy(path + length + 1, name, size + 1);
    (void)execve(length > 0 ? path : name, argv, env);
    return errno;
}

/* Whether the search goes on behind a folder, which may be on a server that is away. */
static bool is_passed_over(int error) {
    return error == ENOENT || error == ENOTDIR || error == ENAMETOOLONG || error == ESTALE || error == ENODEV ||
           error == ETIMEDOUT;
}

/* The same by PATH, with room for one at `path`. Unlike execvpe, passes no file to the shell: posix_spawnp does not either. */
static int execute(char *const *argv, char *const *env, char *path) {
    const char *name = argv[0], *at = getenv("PATH");
    int error = ENOENT, denied = 0;
    if (strchr(name, '/') != NULL || name[0] == '\0') {
        (void)execve(name, argv, env);
        return errno;
    }
    for (at = at != NULL ? at : "/bin:/usr/bin"; at != NULL; at = at != NULL ? at + 1 : NULL) {
        size_t length = strcspn(at, ":");
        error = execute_in(at, length, argv, env, path);
        if (error == EACCES)
            denied = error;
        else if (!is_passed_over(error))
            return error;
        at = at[length] == ':' ? at + length : NULL;
    }
    return denied != 0 ? denied : error;
}

/* Runs the program. Returns only if that fails, with an errno. */
static int become(const weir__child_options *options, const sigset_t *mask, int kept) {
    char *const *env = options->env != NULL ? (char *const *)options->env : environ;
    if (setpgid(0, 0) != 0)
        return errno;
    forget_signals();
    int error = set_files(options, kept);
    if (error != 0)
        return error;
    reset_signals();
    if (options->limits != NULL)
        weir__confine(options->limits);
    (void)sigprocmask(SIG_SETMASK, mask, NULL);
    return execute((char *const *)options->argv, env, options->room);
}

/* ---- in this process ---- */

/* Returns the number of the child, or -1. `failed` is the writing end of the pipe. */
static pid_t fork_and_become(const weir__child_options *options, const sigset_t *mask, int failed, weir__start *told) {
    pid_t pid = vfork();
    if (pid != 0)
        return pid;
    told->shared = true;
    int error = become(options, mask, failed);
    told->error = error;
    ssize_t written = write(failed, &error, sizeof error);
    _exit(written == sizeof error ? 127 : 126);
}

/* Returns what the child has written; 0: nothing, it runs the program. */
static int read_error(int failed) {
    int error = 0;
    ssize_t size;
    do
        size = read(failed, &error, sizeof error);
    while (size < 0 && errno == EINTR);
    return size == sizeof error ? error : 0;
}

static void reap(pid_t pid) {
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
}

/* A pipe above all numbers that the child gives to its descriptors. Returns 0 or an errno. */
static int open_pipe(int ends[2], int last) {
    if (pipe2(ends, O_CLOEXEC) != 0)
        return errno;
    ends[0] = weir__lift(ends[0]);
    int error = ends[0] < 0 ? errno : 0;
    ends[1] = weir__lift_above(ends[1], last);
    error = ends[1] < 0 ? errno : error;
    for (int i = 0; i < 2 && error != 0; i++)
        if (ends[i] >= 0)
            close(ends[i]);
    return error;
}

/* The thread is not cancelled. */
static int start(pid_t *pid, const weir__child_options *options) {
    sigset_t mask, all, before;
    weir__start told = {.shared = false};
    int ends[2], error = open_pipe(ends, WEIR__LAST_STANDARD + options->more_count);
    if (error != 0)
        return error;
    weir_signals_original(&mask);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    pid_t child = fork_and_become(options, &mask, ends[1], &told);
    error = child < 0 ? errno : 0;
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    close(ends[1]);
    if (error == 0)
        error = told.shared ? told.error : read_error(ends[0]);
    close(ends[0]);
    if (error != 0 && child > 0)
        reap(child);
    *pid = child;
    return error;
}

int weir__child_vfork(pid_t *pid, const weir__child_options *options) {
    int before = weir__uncancellable_begin(), error = start(pid, options);
    weir__uncancellable_end(before);
    return error;
}
