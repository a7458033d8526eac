/*
 * test_command.c - commands: exit statuses, signals, outputs, inputs, deadlines, cancels, what is left behind, and
 * faults of the system.
 *
 * A process that lives on is found without a look at the list of processes: it holds the pipe that the command had as an
 * output.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE /* pipe2 */
#include "futex_call.h"
#include "pipeline_support.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sync/child.h"

#define ARGV(...) ((const char *const[]){__VA_ARGS__, NULL})
#define SHELL(script) ARGV("sh", "-c", script)

/* ---- functions of the system that fail ---- */

enum fault {
    NO_FAULT,
    MEMORY_FILE,
    NO_MEMORY_FILE,
    NO_NULL,
    PIPE,
    SPAWN,
    NO_PIDFD,
    CLOSED_PIDFD,
    ALLOCATION,
    KILLING,
    CLOSE_RANGE,
    CLOSE_RANGE_AND_LIST,
    GROUP
};

static enum fault failing;
static weir_pipeline *to_cancel; /* by the thread that makes the next pipe */
static int failing_call;         /* counted down; the one at 1 fails */

static bool fails(enum fault kind) {
    return failing == kind && failing_call-- == 1;
}

int __real_memfd_create(const char *name, unsigned flags);
int __wrap_memfd_create(const char *name, unsigned flags);
int __wrap_memfd_create(const char *name, unsigned flags) {
    errno = failing == NO_MEMORY_FILE ? EACCES : EMFILE;
    return failing == NO_MEMORY_FILE || fails(MEMORY_FILE) ? -1 : __real_memfd_create(name, flags);
}

/* In a bare chroot(2) there is no /dev/null. */
int __real_weir__lift(int fd);
int __wrap_weir__lift(int fd);
int __wrap_weir__lift(int fd) {
    struct stat opened, null;
    if (failing != NO_NULL || fstat(fd, &opened) != 0 || stat("/dev/null", &null) != 0 ||
        opened.st_rdev != null.st_rdev)
        return __real_weir__lift(fd);
    close(fd);
    errno = ENOENT;
    return -1;
}

int __real_pipe2(int ends[2], int flags);
int __wrap_pipe2(int ends[2], int flags);
int __wrap_pipe2(int ends[2], int flags) {
    weir_pipeline *pipeline = to_cancel;
    to_cancel = NULL;
    if (pipeline != NULL && weir_pipeline_cancel(pipeline) != WEIR_OK)
        return -1;
    errno = ENFILE;
    return fails(PIPE) ? -1 : __real_pipe2(ends, flags);
}

/* An old kernel has no close_range. Its number is that of all systems. Without /proc there is no list to read either. */
static bool is_missing(long number) {
    return (number == 436 && (failing == CLOSE_RANGE || failing == CLOSE_RANGE_AND_LIST)) ||
           (number == SYS_getdents64 && failing == CLOSE_RANGE_AND_LIST);
}

long __real_syscall(long number, ...);
long __wrap_syscall(long number, ...);
long __wrap_syscall(long number, ...) {
    long values[6] = {0};
    size_t count = is_futex(number) ? 6 : 3; /* that constructors make, or the library */
    va_list rest;
    va_start(rest, number);
    for (size_t i = 0; i < count; i++)
        values[i] = va_arg(rest, long);
    va_end(rest);
    errno = ENOSYS;
    return is_missing(number)
               ? -1
               : __real_syscall(number, values[0], values[1], values[2], values[3], values[4], values[5]);
}

static int sent_to_former_group; /* a signal; 0: none */
static bool has_standard;        /* at the start of a child, this process has a descriptor below 3 */

/* In a child. */
int __real_setpgid(pid_t pid, pid_t group);
int __wrap_setpgid(pid_t pid, pid_t group);
int __wrap_setpgid(pid_t pid, pid_t group) {
    if (sent_to_former_group != 0)
        (void)kill(getpid(), sent_to_former_group);
    for (int fd = 0; fd < 3; fd++)
        has_standard = has_standard || fcntl(fd, F_GETFD) >= 0;
    errno = EPERM;
    return failing == GROUP ? -1 : __real_setpgid(pid, group);
}

int __real_weir__child_spawn(pid_t *pid, const weir__child_options *options);
int __wrap_weir__child_spawn(pid_t *pid, const weir__child_options *options);
int __wrap_weir__child_spawn(pid_t *pid, const weir__child_options *options) {
    return fails(SPAWN) ? EAGAIN : __real_weir__child_spawn(pid, options);
}

void *__real_weir__alloc(size_t size);
void *__wrap_weir__alloc(size_t size);
void *__wrap_weir__alloc(size_t size) {
    return fails(ALLOCATION) ? NULL : __real_weir__alloc(size);
}

static pid_t unkillable; /* the process that was not killed */

void __real_weir__child_kill(const weir__child *child);
void __wrap_weir__child_kill(const weir__child *child);
void __wrap_weir__child_kill(const weir__child *child) {
    unkillable = failing == KILLING ? child->pid : 0;
    if (failing != KILLING)
        __real_weir__child_kill(child);
}

int __real_weir__child_start(weir__child *child, const weir__child_options *options);
int __wrap_weir__child_start(weir__child *child, const weir__child_options *options);
int __wrap_weir__child_start(weir__child *child, const weir__child_options *options) {
    int error = __real_weir__child_start(child, options);
    if (error == 0 && (failing == NO_PIDFD || failing == CLOSED_PIDFD) && child->ended >= 0) {
        close(child->ended);
        child->ended = failing == NO_PIDFD ? -1 : child->ended;
    }
    return error;
}

static bool late;      /* each poll comes after the end of the child */
static bool forbidden; /* before the first poll, the program allows itself no more descriptors */
static struct rlimit allowed;
static atomic_uint polls;

bool __real_weir__stream_poll(struct pollfd *polled, unsigned count, uint64_t deadline);
bool __wrap_weir__stream_poll(struct pollfd *polled, unsigned count, uint64_t deadline);
bool __wrap_weir__stream_poll(struct pollfd *polled, unsigned count, uint64_t deadline) {
    const struct rlimit none = {.rlim_cur = 0, .rlim_max = allowed.rlim_max};
    siginfo_t info;
    if (atomic_fetch_add(&polls, 1) == 0 && forbidden)
        (void)setrlimit(RLIMIT_NOFILE, &none);
    while (late && waitid(P_ALL, 0, &info, WEXITED | WNOWAIT) != 0 && errno == EINTR)
        ;
    return __real_weir__stream_poll(polled, count, deadline);
}

static int stop = -1; /* of a task, if its own was closed; -1: its own */

int __real_weir_task_stop_fd(weir_task *task);
int __wrap_weir_task_stop_fd(weir_task *task);
int __wrap_weir_task_stop_fd(weir_task *task) {
    return stop >= 0 ? stop : __real_weir_task_stop_fd(task);
}

/* ---- support ---- */

static int open_descriptors(void) {
    int count = 0;
    for (int fd = 0; fd < 1024; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

static void assert_no_children(void) {
    errno = 0;
    bool none = waitpid(-1, NULL, WNOHANG) == -1 && errno == ECHILD;
    ck_assert(none);
}

/* Commands with limits start in another way, and must behave alike. */
static const weir_process_limits harmless = {.files = 200};
static bool limited;

static void set_limited(void) {
    limited = true;
}

static void set_unlimited(void) {
    limited = false;
}

static weir_command_result run(int wanted, weir_command command) {
    weir_command_result result;
    if (limited)
        command.limits = harmless;
    int before = open_descriptors(), code = weir_command_run(NULL, &command, &result);
    ck_assert_msg(code == wanted, "%d instead of %d: %s", code, wanted, result.message);
    ck_assert_int_eq(open_descriptors(), before);
    assert_no_children();
    return result;
}

static void run_and_free(int wanted, weir_command command) {
    weir_command_result result = run(wanted, command);
    weir_command_result_free(&result);
}

static void assert_output(weir_command command, const char *wanted) {
    weir_command_result result = run(0, command);
    ck_assert_ptr_nonnull(result.out.text);
    ck_assert_str_eq(result.out.text, wanted);
    ck_assert_uint_eq(result.out.total, strlen(wanted));
    weir_command_result_free(&result);
}

static void assert_failure(int code, const char *message, weir_command command) {
    weir_command_result result = run(code, command);
    ck_assert_str_eq(result.message, message);
    weir_command_result_free(&result);
}

/* A pipe for an output: its end says that all processes that hold it have ended. */
struct witness {
    int ends[2];
};

static struct witness new_witness(void) {
    struct witness witness;
    ck_assert_int_eq(__real_pipe2(witness.ends, O_CLOEXEC), 0);
    return witness;
}

static void assert_none_left(struct witness *witness) {
    char c;
    close(witness->ends[1]);
    while (read(witness->ends[0], &c, 1) == 1)
        ;
    close(witness->ends[0]);
}

/* Whether a start reports that a program is missing: not in some emulators, where the child exits with 127. */
static bool spawn_tells(void) {
    weir_command_result result;
    int code = weir_command_run(NULL, &(weir_command){.argv = ARGV("/no/such")}, &result);
    weir_command_result_free(&result);
    return code == WEIR_CODE_NOT_RUN(ENOENT);
}

/* ---- codes and messages ---- */

START_TEST (an_exit_status_is_the_code) {
    assert_failure(0, "", (weir_command){.argv = ARGV("true")});
    assert_failure(1, "false: exit status 1", (weir_command){.argv = ARGV("false")});
    assert_failure(3, "sh: exit status 3: the reason",
                   (weir_command){.argv = SHELL("echo first >&2; echo 'the reason' >&2; echo >&2; exit 3")});
    assert_failure(126, "sh: exit status 126", (weir_command){.argv = SHELL("exit 126")});
    assert_failure(127, "sh: exit status 127", (weir_command){.argv = SHELL("exit 127")});
    weir_command_result result = run(255, (weir_command){.argv = SHELL("exit 255")});
    ck_assert(result.has_run && result.exit_status == 255 && result.signal == 0 && !result.timed_out);
    weir_command_result_free(&result);
    weir_command_result_free(&result);
}
END_TEST

START_TEST (the_last_line_of_a_long_error_is_in_the_message) {
    assert_failure(
        2, "sh: exit status 2: the end",
        (weir_command){.argv = SHELL("head -c 300000 /dev/zero >&2; printf '\\nthe\\tend\\r\\n' >&2; exit 2")});
}
END_TEST

START_TEST (a_signal_is_the_code) {
    assert_failure(WEIR_CODE_SIGNAL(SIGSEGV), "sh: killed by SIGSEGV", (weir_command){.argv = SHELL("kill -SEGV $$")});
    assert_failure(WEIR_CODE_SIGNAL(SIGKILL), "sh: killed by SIGKILL", (weir_command){.argv = SHELL("kill -KILL $$")});
    weir_command_result result = run(WEIR_CODE_SIGNAL(SIGTERM), (weir_command){.argv = SHELL("kill $$")});
    ck_assert(result.has_run && result.exit_status == -1 && result.signal == SIGTERM);
    weir_command_result_free(&result);
}
END_TEST

START_TEST (a_command_that_cannot_be_run_has_codes_of_its_own) {
    if (!spawn_tells())
        return;
    ck_assert_int_eq(setenv("PATH", "/usr/bin:/bin", 1), 0); /* a folder that may not be searched gives EACCES */
    assert_failure(WEIR_CODE_NOT_RUN(ENOENT), "such: cannot be run: No such file or directory",
                   (weir_command){.argv = ARGV("/no/such")});
    run_and_free(WEIR_CODE_NOT_RUN(ENOENT), (weir_command){.argv = ARGV("weir-no-such-program")});
    run_and_free(WEIR_CODE_NOT_RUN(EACCES), (weir_command){.argv = ARGV("/")});
    run_and_free(WEIR_CODE_NOT_RUN(EACCES), (weir_command){.argv = ARGV("/etc/passwd")});
    run_and_free(WEIR_CODE_NOT_RUN(EBADF), (weir_command){.argv = ARGV("true"), .out_fd = 1000});
#ifdef WEIR_SPAWN_CHDIR
    run_and_free(WEIR_CODE_NOT_RUN(ENOENT), (weir_command){.argv = ARGV("true"), .directory = "/no/such"});
#endif
    weir_command_result result = run(WEIR_CODE_NOT_RUN(ENOENT), (weir_command){.argv = ARGV("/no/such")});
    ck_assert(!result.has_run && result.exit_status == -1 && result.out.text == NULL);
}
END_TEST

/* A folder with a link to itself, and a file "weir-tool" that may be executed or not. */
struct tools {
    char folder[64], file[96], loop[96];
};

static struct tools new_tools(mode_t mode) {
    struct tools tools = {.folder = "/tmp/weir-tools-XXXXXX"};
    ck_assert_ptr_nonnull(mkdtemp(tools.folder));
    snprintf(tools.file, sizeof tools.file, "%s/weir-tool", tools.folder);
    snprintf(tools.loop, sizeof tools.loop, "%s/loop", tools.folder);
    ck_assert_int_eq(symlink(tools.loop, tools.loop), 0);
    int fd = open(tools.file, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    ck_assert_int_eq(write(fd, "#!/bin/sh\nexit 5\n", 17), 17);
    ck_assert_int_eq(fchmod(fd, mode), 0);
    close(fd);
    return tools;
}

static void remove_tools(const struct tools *tools) {
    ck_assert(unlink(tools->file) == 0 && unlink(tools->loop) == 0 && rmdir(tools->folder) == 0);
}

/* Runs weir-tool with both folders in PATH. */
static void run_by_path(int wanted, const char *first, const char *second) {
    static char path[20000];
    snprintf(path, sizeof path, "%s:%s", first, second);
    ck_assert_int_eq(setenv("PATH", path, 1), 0);
    run_and_free(wanted, (weir_command){.argv = ARGV("weir-tool")});
}

START_TEST (the_program_is_searched_in_each_folder_of_the_path) {
    static char too_long[9000];
    if (!spawn_tells())
        return;
    struct tools good = new_tools(0700), bad = new_tools(0600);
    memset(too_long, 'x', sizeof too_long - 1);
    too_long[0] = '/';
    run_by_path(5, good.folder, "/no/such");
    run_by_path(5, "/no/such", good.folder);
    run_by_path(5, good.file, good.folder); /* not a folder */
    run_by_path(5, too_long, good.folder);
    run_by_path(5, bad.folder, good.folder);
    run_by_path(WEIR_CODE_NOT_RUN(EACCES), bad.folder, "/no/such");
    run_by_path(WEIR_CODE_NOT_RUN(ENOENT), "/no/such", "/no/such/either");
    run_by_path(WEIR_CODE_NOT_RUN(ELOOP), good.loop, good.folder); /* ends the search */
    ck_assert_int_eq(setenv("PATH", "/usr/bin:/bin", 1), 0);       /* for tests in the same process */
    remove_tools(&good);
    remove_tools(&bad);
}
END_TEST

/* A shell would run it. */
START_TEST (a_text_without_interpreter_is_not_run) {
    char path[] = "/tmp/weir-text-XXXXXX";
    int fd = mkstemp(path);
    ck_assert(spawn_tells() ? write(fd, "exit 3\n", 7) == 7 && fchmod(fd, 0700) == 0 : true);
    close(fd);
    if (spawn_tells())
        run_and_free(WEIR_CODE_NOT_RUN(ENOEXEC), (weir_command){.argv = ARGV(path)});
    unlink(path);
}
END_TEST

START_TEST (a_command_needs_a_program) {
    static const char *const none[] = {NULL}, *const empty[] = {"", NULL};
    run_and_free(WEIR_CODE(WEIR_INVALID), (weir_command){.argv = NULL});
    run_and_free(WEIR_CODE(WEIR_INVALID), (weir_command){.argv = none});
    run_and_free(WEIR_CODE(WEIR_INVALID), (weir_command){.argv = empty});
    run_and_free(WEIR_CODE(WEIR_INVALID), (weir_command){.argv = ARGV("true"), .input_size = 1});
    for (size_t i = 0; i < COUNT_OF(((weir_command *)NULL)->reserved); i++) {
        weir_command command = {.argv = ARGV("true")};
        command.reserved[i] = &command;
        run_and_free(WEIR_CODE(WEIR_INVALID), command);
    }
    ck_assert_int_eq(weir_command_run(NULL, NULL, NULL), WEIR_CODE(WEIR_INVALID));
    ck_assert_int_eq(weir_command_run(NULL, &(weir_command){.argv = SHELL("echo lost; exit 4")}, NULL), 4);
    weir_command_result_free(NULL);
}
END_TEST

/* ---- what the command gets ---- */

START_TEST (arguments_pass_as_they_are) {
    assert_output((weir_command){.argv = ARGV("printf", "[%s]", "", "a b", "*", "$HOME", "`x`", "\\n")},
                  "[][a b][*][$HOME][`x`][\\n]");
}
END_TEST

/* An output that no caller gets is /dev/null: it must be writable. */
START_TEST (output_without_a_result_goes_nowhere) {
    const weir_command command = {.argv = SHELL("test /proc/self/fd/1 -ef /dev/null && echo x")};
    const weir_command loud = {.argv = SHELL("seq 1 100000; echo why >&2; exit 3")};
    ck_assert_int_eq(weir_command_run(NULL, &command, NULL), 0);
    ck_assert_int_eq(weir_command_run(NULL, &loud, NULL), 3);
    assert_output((weir_command){.argv = SHELL("test ! /proc/self/fd/1 -ef /dev/null && echo x")}, "x\n");
}
END_TEST

START_TEST (environment_and_directory_are_those_asked_for) {
    assert_output((weir_command){.argv = ARGV("env"), .env = ARGV("A=1", "B=")}, "A=1\nB=\n");
    ck_assert_int_eq(setenv("WEIR_TEST", "inherited", 1), 0);
    assert_output((weir_command){.argv = SHELL("echo $WEIR_TEST")}, "inherited\n");
#ifdef WEIR_SPAWN_CHDIR
    assert_output((weir_command){.argv = ARGV("pwd"), .directory = "/"}, "/\n");
#endif
}
END_TEST

static void *run_signalled(void *script) {
    run_and_free(*(int *)script, (weir_command){.argv = *(int *)script == WEIR_CODE_SIGNAL(SIGPIPE)
                                                            ? SHELL("kill -PIPE $$; echo survived")
                                                            : SHELL("kill -TERM $$; echo survived")});
    return NULL;
}

START_TEST (neither_the_mask_of_the_thread_nor_ignored_signals_reach_it) {
    int codes[] = {WEIR_CODE_SIGNAL(SIGPIPE), WEIR_CODE_SIGNAL(SIGTERM)};
    sigset_t all, before;
    sigfillset(&all);
    signal(SIGPIPE, SIG_IGN);
    void (*terminate)(int) = signal(SIGTERM, SIG_IGN);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    for (size_t i = 0; i < COUNT_OF(codes); i++)
        run_signalled(&codes[i]);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    signal(SIGPIPE, SIG_DFL);
    signal(SIGTERM, terminate);
}
END_TEST

/* Ctrl-C, Ctrl-Z and the like at a terminal, while the child is in the group of the program. */
START_TEST (what_the_former_group_is_sent_does_not_reach_it) {
    static const int signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGTSTP, SIGTTIN, SIGTTOU};
    for (size_t i = 0; i < COUNT_OF(signals); i++) {
        sent_to_former_group = signals[i];
        assert_output((weir_command){.argv = ARGV("echo", "hi")}, "hi\n");
    }
    void (*interrupt)(int) = signal(SIGINT, SIG_IGN);
    sent_to_former_group = SIGINT;
    assert_output((weir_command){.argv = SHELL("kill -INT $$; echo ignored")}, "ignored\n");
    sent_to_former_group = 0;
    signal(SIGINT, interrupt);
}
END_TEST

enum { MUCH = 20 * 1000 * 1000 };

START_TEST (input_need_not_be_read) {
    char *input = calloc(1, MUCH);
    ck_assert_ptr_nonnull(input);
    memset(input, 'x', MUCH);
    run_and_free(0, (weir_command){.argv = ARGV("true"), .input = input, .input_size = MUCH});
    weir_command_result result =
        run(0, (weir_command){.argv = ARGV("cat"), .input = input, .input_size = MUCH, .most_output = MUCH});
    ck_assert_uint_eq(result.out.kept, MUCH);
    ck_assert_int_eq(memcmp(result.out.text, input, MUCH), 0);
    weir_command_result_free(&result);
    free(input);
    result = run(0, (weir_command){.argv = ARGV("cat")});
    ck_assert(result.out.total == 0 && result.out.text == NULL);
}
END_TEST

static atomic_bool done_opening;

/* Opens files as careless libraries do: without O_CLOEXEC. */
static void *open_carelessly(void *unused) {
    while (!atomic_load(&done_opening)) {
        int fds[8];
        for (size_t i = 0; i < COUNT_OF(fds); i++)
            fds[i] = open("/dev/null", O_RDONLY);
        for (size_t i = 0; i < COUNT_OF(fds); i++)
            close(fds[i]);
    }
    return unused;
}

START_TEST (it_has_no_descriptor_but_its_streams) {
    pthread_t thread;
    if (access("/proc/self/fd", R_OK) != 0 || !spawn_tells()) /* an emulator has descriptors of its own there */
        return;
    struct rlimit before, low;
    int careless = dup2(0, 50);
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    low = before;
    low.rlim_cur = 48; /* below a descriptor that is open */
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &low), 0);
    atomic_store(&done_opening, false);
    thread_start(&thread, open_carelessly, NULL);
    for (int i = 0; i < 100; i++) {
        weir_command_result result;
        weir_command list = {.argv = ARGV("ls", "/proc/self/fd")};
        if (limited)
            list.limits = harmless;
        failing = i % 2 == 0 ? NO_FAULT : CLOSE_RANGE; /* glibc has its own way */
        ck_assert_int_eq(weir_command_run(NULL, &list, &result), 0);
#ifdef WEIR_SPAWN_CLOSEFROM
        ck_assert_str_eq(result.out.text, "0\n1\n2\n3\n"); /* the last is the folder */
#endif
        weir_command_result_free(&result);
    }
    failing = NO_FAULT;
    atomic_store(&done_opening, true);
    thread_join(thread);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
    close(careless);
}
END_TEST

/* On a system with neither close_range nor /proc. */
START_TEST (descriptors_are_closed_one_by_one_where_there_is_no_list) {
#ifndef WEIR_SPAWN_CLOSEFROM
    if (!limited)
        return;
#endif
    if (access("/proc/self/fd", R_OK) != 0 || !spawn_tells())
        return;
    struct rlimit before, low;
    weir_command_result result;
    weir_command list = {.argv = ARGV("ls", "/proc/self/fd")};
    int careless = dup2(0, 50);
    if (limited)
        list.limits = harmless;
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    low = before;
    for (int i = 0; i < 2; i++) { /* the second may be above all that is looked at */
        low.rlim_cur = i == 0 ? 1024 : before.rlim_max;
        ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &low), 0);
        failing = CLOSE_RANGE_AND_LIST;
        ck_assert_int_eq(weir_command_run(NULL, &list, &result), 0);
        failing = NO_FAULT;
        ck_assert_str_eq(result.out.text, "0\n1\n2\n3\n"); /* the last is the folder */
        weir_command_result_free(&result);
    }
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
    close(careless);
}
END_TEST

/* Another thread may close one. */
START_TEST (a_child_without_one_of_its_descriptors_is_not_started) {
    static const weir__confined none;
    char room[PATH_MAX];
    const int closed = 1000, open_one = fcntl(0, F_DUPFD_CLOEXEC, 10);
    weir__child child;
    for (int i = 0; i < 2 && spawn_tells(); i++) {
        weir__child_options options = {
            .argv = ARGV("true"), .room = room, .streams = {open_one, open_one, i == 0 ? closed : open_one}};
        options.more = i == 0 ? &open_one : &closed;
        options.more_count = 1;
        options.limits = limited ? &none : NULL;
        ck_assert_int_eq(weir__child_start(&child, &options), EBADF);
        assert_no_children();
    }
    close(open_one);
}
END_TEST

/* ---- outputs ---- */

static long peak_memory(void) {
    struct rusage usage;
    getrusage(RUSAGE_SELF, &usage);
    return usage.ru_maxrss;
}

START_TEST (much_output_is_counted_within_bounded_memory) {
    long before = peak_memory();
    weir_command_result result = run(0, (weir_command){.argv = ARGV("head", "-c", "1000000000", "/dev/zero")});
    ck_assert_uint_eq(result.out.total, 1000000000);
    ck_assert_uint_eq(result.out.kept, 65536);
    ck_assert_int_eq(result.out.text[65536], '\0');
    ck_assert_int_lt(peak_memory() - before, 64 * 1024);
    weir_command_result_free(&result);
}
END_TEST

START_TEST (the_first_bytes_of_each_output_are_kept) {
    weir_command_result result =
        run(0, (weir_command){.argv = SHELL("seq 1 100000; echo to err >&2"), .most_output = 10});
    ck_assert_str_eq(result.out.text, "1\n2\n3\n4\n5\n");
    ck_assert_uint_eq(result.out.kept, 10);
    ck_assert_uint_eq(result.out.total, 588895);
    ck_assert_str_eq(result.err.text, "to err\n");
    weir_command_result_free(&result);
}
END_TEST

static void assert_reads(int fd, const char *wanted) {
    char got[64] = "";
    ck_assert_int_eq(read(fd, got, sizeof got - 1), (int)strlen(wanted));
    ck_assert_str_eq(got, wanted);
}

/* The standard streams of this process become two pipes, and the command gets them in the other order. */
START_TEST (outputs_to_descriptors_do_not_swap) {
    struct witness out = new_witness(), err = new_witness();
    int saved[2] = {dup(1), dup(2)};
    ck_assert(dup2(out.ends[1], 2) == 2 && dup2(err.ends[1], 1) == 1);
    int code = weir_command_run(
        NULL, &(weir_command){.argv = SHELL("echo out; echo err >&2"), .out_fd = 2, .err_fd = 1}, NULL);
    ck_assert(dup2(saved[0], 1) == 1 && dup2(saved[1], 2) == 2);
    close(saved[0]);
    close(saved[1]);
    ck_assert_int_eq(code, 0);
    assert_reads(out.ends[0], "out\n");
    assert_reads(err.ends[0], "err\n");
    assert_none_left(&out);
    assert_none_left(&err);
}
END_TEST

START_TEST (closed_standard_streams_do_no_harm) {
    int saved[3], code;
    weir_command_result result;
    for (int fd = 0; fd < 3; fd++)
        saved[fd] = fcntl(fd, F_DUPFD_CLOEXEC, 20);
    for (int fd = 0; fd < 3; fd++)
        close(fd);
    has_standard = false;
    code = weir_command_run(
        NULL, &(weir_command){.argv = SHELL("cat; echo err >&2"), .input = "through", .input_size = 7}, &result);
    bool had_standard = has_standard;
    bool closed = fcntl(0, F_GETFD) < 0 && fcntl(1, F_GETFD) < 0 && fcntl(2, F_GETFD) < 0;
    for (int fd = 0; fd < 3; fd++) {
        dup2(saved[fd], fd);
        close(saved[fd]);
    }
    ck_assert(closed && !had_standard);
    ck_assert_int_eq(code, 0);
    ck_assert_str_eq(result.out.text, "through");
    ck_assert_str_eq(result.err.text, "err\n");
    weir_command_result_free(&result);
}
END_TEST

/* ---- the end ---- */

/* Of a pipe that is made larger; the exit status where it cannot be. */
enum { PIPE_FULL = 1000000, CANNOT_FILL = 77 };

START_TEST (a_grandchild_that_holds_an_output_is_a_straggler) {
    struct witness witness = new_witness();
    weir_command_result result =
        run(0, (weir_command){.argv = SHELL("sleep 1000 & echo hi"), .err_fd = witness.ends[1]});
    ck_assert(result.stragglers);
    ck_assert_str_eq(result.out.text, "hi\n");
    weir_command_result_free(&result);
    assert_none_left(&witness);
}
END_TEST

START_TEST (the_time_of_a_command_has_no_linger) {
    const weir_command command = {.argv = SHELL("sleep 1000 & echo hi"), .linger = 300 * MILLISECONDS};
    uint64_t begun = now();
    weir_command_result result = run(0, command);
    ck_assert(result.stragglers);
    ck_assert_uint_le(result.time + command.linger, now() - begun);
    weir_command_result_free(&result);
}
END_TEST

START_TEST (what_comes_within_the_linger_is_read) {
    static const uint64_t lingers[] = {HANG_SECONDS * SECONDS, UINT64_MAX};
    for (size_t i = 0; i < COUNT_OF(lingers); i++) {
        weir_command_result result =
            run(0, (weir_command){.argv = SHELL("(sleep 0.2; echo late) & echo hi"), .linger = lingers[i]});
        ck_assert(!result.stragglers);
        ck_assert_str_eq(result.out.text, "hi\nlate\n");
        weir_command_result_free(&result);
    }
}
END_TEST

/* The thread stands still until the command has ended, and for longer than the linger. */
START_TEST (what_a_command_has_left_is_read_after_its_end) {
    late = true;
    weir_command_result result = run(0, (weir_command){.argv = SHELL("echo out; echo err >&2"), .linger = 1});
    ck_assert(!result.stragglers);
    ck_assert_str_eq(result.out.text, "out\n");
    ck_assert_str_eq(result.err.text, "err\n");
    weir_command_result_free(&result);
    const weir_command much = {.argv = ARGV("/proc/self/exe", "--fill-a-pipe"), .linger = 1};
    int code = weir_command_run(NULL, &much, &result);
    late = false;
    if (code != CANNOT_FILL && code != WEIR_CODE_NOT_RUN(ENOEXEC)) {
        ck_assert_msg(code == 0 && !result.stragglers, "%s", result.message);
        ck_assert_uint_eq(result.out.total, PIPE_FULL);
    }
    weir_command_result_free(&result);
}
END_TEST

START_TEST (at_the_timeout_the_whole_group_ends) {
    struct witness witness = new_witness();
    failing = _i == 0 ? NO_FAULT : NO_PIDFD;
    weir_command_result result = run(WEIR_CODE(WEIR_TIMEDOUT), (weir_command){.argv = SHELL("sleep 1000 | cat | cat"),
                                                                              .timeout = 100 * MILLISECONDS,
                                                                              .err_fd = witness.ends[1]});
    ck_assert(result.timed_out && !result.cancelled && result.signal == SIGTERM);
    ck_assert_uint_ge(result.time, 100 * MILLISECONDS);
    ck_assert_str_eq(result.message, "sh: ended at its timeout");
    weir_command_result_free(&result);
    assert_none_left(&witness);
    failing = NO_FAULT;
}
END_TEST

/* The shell may need longer than the timeout to begin to ignore the signal: then the timeout is doubled. */
START_TEST (sigterm_ignored_becomes_sigkill) {
    int signal = SIGTERM;
    for (uint64_t timeout = 100 * MILLISECONDS; signal == SIGTERM && timeout < 10 * SECONDS; timeout *= 2) {
        weir_command_result result =
            run(WEIR_CODE(WEIR_TIMEDOUT), (weir_command){.argv = SHELL("trap '' TERM; while :; do sleep 0.1; done"),
                                                         .timeout = timeout,
                                                         .grace = 50 * MILLISECONDS});
        signal = result.signal;
        weir_command_result_free(&result);
    }
    ck_assert_int_eq(signal, SIGKILL);
}
END_TEST

/* As by a read of the terminal. Without a SIGCONT only the SIGKILL would end it. */
START_TEST (a_stopped_command_acts_on_sigterm) {
    weir_command_result result =
        run(WEIR_CODE(WEIR_TIMEDOUT),
            (weir_command){.argv = SHELL("kill -STOP $$"), .timeout = 300 * MILLISECONDS, .grace = 10 * SECONDS});
    ck_assert_int_eq(result.signal, SIGTERM);
    weir_command_result_free(&result);
}
END_TEST

/* Whether the system runs this program: under an emulator it may have another processor's. */
static bool runs_itself(const weir_command *command) {
    weir_command_result result;
    int code = weir_command_run(NULL, command, &result);
    weir_command_result_free(&result);
    return code != WEIR_CODE_NOT_RUN(ENOEXEC);
}

START_TEST (a_command_that_has_left_its_group_is_ended) {
    const weir_command command = {.argv = ARGV("/proc/self/exe", "--other-group"), .timeout = 200 * MILLISECONDS};
    if (!runs_itself(&command))
        return;
    weir_command_result result = run(WEIR_CODE(WEIR_TIMEDOUT), command);
    ck_assert_int_eq(result.signal, SIGTERM);
    weir_command_result_free(&result);
}
END_TEST

START_TEST (a_flood_of_output_delays_no_timeout) {
    uint64_t timeout = 50 * MILLISECONDS;
    bool flooded = false;
    for (; !flooded && timeout < 8 * SECONDS; timeout *= 2) { /* on a busy machine it may take long to begin */
        weir_command_result result =
            run(WEIR_CODE(WEIR_TIMEDOUT), (weir_command){.argv = ARGV("yes"), .timeout = timeout});
        flooded = result.out.total > result.out.kept;
        weir_command_result_free(&result);
    }
    ck_assert(flooded);
}
END_TEST

START_TEST (a_lost_exit_status_is_said) {
    weir_command_result result;
    signal(SIGCHLD, SIG_IGN);
    int code = weir_command_run(NULL, &(weir_command){.argv = ARGV("true")}, &result);
    signal(SIGCHLD, SIG_DFL);
    ck_assert_int_eq(code, WEIR_CODE(WEIR_FAILED));
    ck_assert(result.has_run && result.exit_status == -1 && result.signal == 0);
    ck_assert_str_eq(result.message, "true: its exit status was taken by another wait");
    weir_command_result_free(&result);
}
END_TEST

/* ---- in a pipeline ---- */

struct shell_stage {
    struct witness witness;
    atomic_uint codes[2]; /* runs that ended with 0; cancelled */
    bool lingers;         /* for outputs of helpers, without an end */
};

static int run_script(weir_task *task, void *script, void *raw) {
    struct shell_stage *stage = raw;
    weir_command command = {.argv = SHELL(script), .out_fd = stage->witness.ends[1]};
    weir_command_result result;
    if (stage->lingers)
        command.linger = UINT64_MAX;
    int code = weir_command_run(task, &command, &result);
    atomic_fetch_add(&stage->codes[0], code == 0);
    atomic_fetch_add(&stage->codes[1], code == WEIR_CODE(WEIR_CANCELLED) && result.cancelled);
    weir_command_result_free(&result);
    return code;
}

static void ignore(void *item, void *unused) {
    (void)item;
    (void)unused;
}

START_TEST (a_cancel_ends_running_commands) {
    struct shell_stage stage = {.witness = new_witness()};
    char c;
    failing = _i == 0 ? NO_FAULT : NO_PIDFD;
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_stage(pipeline,
              (weir_stage_options){
                  .name = "run", .work.run = run_script, .work.arg = &stage, .threads.count = 2, .input.drop = ignore});
    start_pipeline(pipeline);
    for (int i = 0; i < 2; i++)
        assert_status(WEIR_OK, weir_pipeline_put(pipeline, (void *)"printf x; sleep 1000 | cat"));
    for (int i = 0; i < 2; i++)
        ck_assert_int_eq(read(stage.witness.ends[0], &c, 1), 1);
    assert_status(WEIR_OK, weir_pipeline_cancel(pipeline));
    finish_and_destroy(pipeline, WEIR_CANCELLED);
    ck_assert_uint_eq(atomic_load(&stage.codes[1]), 2);
    assert_none_left(&stage.witness);
    assert_no_children();
    failing = NO_FAULT;
}
END_TEST

/* It ignores SIGTERM, and its own grace is longer than that of the pipeline. */
START_TEST (the_end_waits_for_a_command_that_a_cancel_ends) {
    struct shell_stage stage = {.witness = new_witness()};
    char c;
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.grace = 300 * MILLISECONDS});
    add_stage(pipeline,
              (weir_stage_options){.name = "run", .work.run = run_script, .work.arg = &stage, .input.drop = ignore});
    start_pipeline(pipeline);
    assert_status(WEIR_OK, weir_pipeline_put(pipeline, (void *)"trap '' TERM; printf x; exec sleep 1000"));
    ck_assert_int_eq(read(stage.witness.ends[0], &c, 1), 1);
    if (_i == 0)
        assert_status(WEIR_OK, weir_pipeline_cancel(pipeline));
    weir_status status = weir_pipeline_finish(pipeline, _i == 0 ? WEIR_NEVER : weir_deadline_after(0), NULL);
    assert_status(_i == 0 ? WEIR_CANCELLED : WEIR_TIMEDOUT, status);
    assert_status(WEIR_OK, weir_pipeline_destroy(pipeline));
    assert_none_left(&stage.witness);
    assert_no_children();
}
END_TEST

static struct gate *held;

/* Runs the script, or is held at the gate without one. */
static int run_or_wait(weir_task *task, void *script, void *raw) {
    struct shell_stage *stage = raw;
    const weir_command command = {.argv = SHELL((char *)script), .out_fd = stage->witness.ends[1], .grace = UINT64_MAX};
    if (script != NULL)
        return weir_command_run(task, &command, NULL);
    gate_pass(held);
    return 0;
}

/* The long grace of a command is not that of another function. */
START_TEST (the_end_waits_no_longer_once_the_command_has_ended) {
    struct shell_stage stage = {.witness = new_witness()};
    struct gate gate = GATE;
    char c;
    held = &gate;
    weir_pipeline *pipeline = new_pipeline(&(weir_pipeline_options){.grace = 10 * MILLISECONDS});
    add_stage(
        pipeline,
        (weir_stage_options){
            .name = "run", .work.run = run_or_wait, .work.arg = &stage, .threads.count = 2, .input.drop = ignore});
    start_pipeline(pipeline);
    assert_status(WEIR_OK, weir_pipeline_put(pipeline, NULL));
    assert_status(WEIR_OK, weir_pipeline_put(pipeline, (void *)"printf x; exec sleep 1000"));
    ck_assert_int_eq(read(stage.witness.ends[0], &c, 1), 1);
    gate_wait_for(&gate, 1);
    assert_status(WEIR_OK, weir_pipeline_cancel(pipeline));
    assert_none_left(&stage.witness);
    assert_status(WEIR_BUSY, weir_pipeline_finish(pipeline, WEIR_NEVER, NULL));
    gate_open(&gate);
    weir_status status;
    while ((status = weir_pipeline_finish(pipeline, WEIR_NEVER, NULL)) == WEIR_BUSY)
        ;
    assert_status(WEIR_CANCELLED, status);
    assert_status(WEIR_OK, weir_pipeline_destroy(pipeline));
}
END_TEST

/* Cancels while the streams of its command are made. */
static int run_and_cancel(weir_task *task, void *item, void *raw) {
    struct shell_stage *stage = raw;
    weir_command_result result;
    (void)item;
    to_cancel = weir_task_pipeline(task);
    int code = weir_command_run(task, &(weir_command){.argv = ARGV("true")}, &result);
    atomic_fetch_add(&stage->codes[1], code == WEIR_CODE(WEIR_CANCELLED) && result.cancelled && !result.has_run);
    weir_command_result_free(&result);
    return code;
}

START_TEST (a_command_is_not_started_after_a_cancel_that_comes_meanwhile) {
    struct shell_stage stage = {.lingers = false};
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_stage(pipeline, (weir_stage_options){
                            .name = "run", .work.run = run_and_cancel, .work.arg = &stage, .input.drop = ignore});
    start_pipeline(pipeline);
    assert_status(WEIR_OK, weir_pipeline_put(pipeline, NULL));
    finish_and_destroy(pipeline, WEIR_CANCELLED);
    ck_assert_uint_eq(atomic_load(&stage.codes[1]), 1);
    assert_no_children();
}
END_TEST

/* Its helper holds the error output. The shell has most likely ended when the cancel comes. */
START_TEST (a_cancel_ends_the_wait_for_a_straggler) {
    struct shell_stage stage = {.witness = new_witness(), .lingers = true};
    char c;
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_stage(pipeline,
              (weir_stage_options){.name = "run", .work.run = run_script, .work.arg = &stage, .input.drop = ignore});
    start_pipeline(pipeline);
    assert_status(WEIR_OK, weir_pipeline_put(pipeline, (void *)"sleep 1000 & printf x"));
    ck_assert_int_eq(read(stage.witness.ends[0], &c, 1), 1);
    sleep_until(weir_deadline_after(50 * MILLISECONDS));
    assert_status(WEIR_OK, weir_pipeline_cancel(pipeline));
    finish_and_destroy(pipeline, WEIR_CANCELLED);
    ck_assert_uint_eq(atomic_load(&stage.codes[0]) + atomic_load(&stage.codes[1]), 1);
    assert_none_left(&stage.witness);
    assert_no_children();
}
END_TEST

START_TEST (a_failed_command_is_retried_and_named_in_its_letter) {
    struct shell_stage stage = {.witness = new_witness()};
    weir_queue *dead = new_queue(10);
    weir_pipeline *pipeline = new_pipeline(NULL);
    weir_stage_options options = {
        .name = "run", .work.run = run_script, .work.arg = &stage, .threads.count = 2, .input.drop = ignore};
    void *item;
    options.errors.retry.attempts = 3;
    options.errors.on_error = WEIR_SKIP;
    options.errors.dead = dead;
    add_stage(pipeline, options);
    start_pipeline(pipeline);
    assert_status(WEIR_OK, weir_pipeline_put(pipeline, (void *)"printf x; echo broken >&2; exit 7"));
    assert_status(WEIR_OK, weir_pipeline_put(pipeline, (void *)"exit 0"));
    finish_and_destroy(pipeline, WEIR_OK);
    assert_status(WEIR_OK, weir_queue_get(dead, &item));
    weir_dead_letter *letter = item;
    ck_assert_str_eq(letter->message, "sh: exit status 7: broken");
    ck_assert(letter->code == 7 && letter->attempts == 3);
    weir_dead_letter_free(letter);
    assert_status(WEIR_OK, weir_queue_destroy(dead));
    assert_reads(stage.witness.ends[0], "xxx");
    ck_assert_uint_eq(atomic_load(&stage.codes[0]), 1);
    assert_none_left(&stage.witness);
}
END_TEST

START_TEST (the_time_of_an_attempt_ends_its_command) {
    struct shell_stage stage = {.witness = new_witness()};
    weir_queue *dead = new_queue(10);
    weir_pipeline *pipeline = new_pipeline(NULL);
    void *item;
    weir_stage_options options = {
        .name = "run", .work.run = run_script, .work.arg = &stage, .threads.count = 1, .input.drop = ignore};
    options.errors.attempt_time = 100 * MILLISECONDS;
    options.errors.on_error = WEIR_SKIP;
    options.errors.dead = dead;
    add_stage(pipeline, options);
    start_pipeline(pipeline);
    assert_status(WEIR_OK, weir_pipeline_put(pipeline, (void *)"sleep 1000"));
    finish_and_destroy(pipeline, WEIR_OK);
    assert_status(WEIR_OK, weir_queue_get(dead, &item));
    ck_assert_int_eq(((weir_dead_letter *)item)->code, WEIR_CODE(WEIR_TIMEDOUT));
    weir_dead_letter_free(item);
    assert_status(WEIR_OK, weir_queue_destroy(dead));
    assert_none_left(&stage.witness);
}
END_TEST

/* Cancels the pipeline or outlasts its attempt before it runs the command. */
static int run_late(weir_task *task, void *item, void *raw) {
    struct shell_stage *stage = raw;
    const weir_command command = {.argv = SHELL("printf x"), .out_fd = stage->witness.ends[1]};
    weir_command_result result;
    if (item == NULL)
        ck_assert_int_eq(weir_pipeline_cancel(weir_task_pipeline(task)), WEIR_OK);
    while (item != NULL && weir_deadline_after(0) < weir_task_deadline(task))
        usleep(1000);
    int code = weir_command_run(task, &command, &result);
    int wanted = item == NULL ? WEIR_CODE(WEIR_CANCELLED) : WEIR_CODE(WEIR_TIMEDOUT);
    bool is_right = code == wanted && !result.has_run && result.exit_status == -1;
    atomic_fetch_add(&stage->codes[0], is_right && result.cancelled == (item == NULL));
    weir_command_result_free(&result);
    return code;
}

START_TEST (a_command_that_would_be_late_is_not_started) {
    struct shell_stage stage = {.witness = new_witness()};
    char c;
    weir_pipeline *pipeline = new_pipeline(NULL);
    weir_stage_options options = {
        .name = "run", .work.run = run_late, .work.arg = &stage, .threads.count = 1, .input.drop = ignore};
    options.errors.attempt_time = _i == 0 ? 0 : 10 * MILLISECONDS;
    options.errors.on_error = WEIR_SKIP;
    add_stage(pipeline, options);
    start_pipeline(pipeline);
    assert_status(WEIR_OK, weir_pipeline_put(pipeline, _i == 0 ? NULL : &stage));
    finish_and_destroy(pipeline, _i == 0 ? WEIR_CANCELLED : WEIR_OK);
    ck_assert_uint_eq(atomic_load(&stage.codes[0]), 1);
    close(stage.witness.ends[1]);
    ck_assert_int_eq(read(stage.witness.ends[0], &c, 1), 0); /* no process has written */
    close(stage.witness.ends[0]);
    assert_no_children();
}
END_TEST

/* ---- limits ---- */

START_TEST (limits_are_in_force_when_the_program_begins) {
    char wanted[64];
    const weir_process_limits limits = {.memory = (uint64_t)1 << 30,
                                        .cpu_time = 9 * SECONDS - 1,
                                        .files = 77,
                                        .file_size = 4096 * 512,
                                        .oom_score_adj = 321};
    assert_output((weir_command){.argv = SHELL("ulimit -n; ulimit -t; ulimit -c"), .limits = limits}, "77\n9\n0\n");
    assert_output((weir_command){.argv = SHELL("cat /proc/self/oom_score_adj"), .limits = limits}, "321\n");
    int nicer = getpriority(PRIO_PROCESS, 0) + 3;
    snprintf(wanted, sizeof wanted, "%d\n", nicer < 19 ? nicer : 19); /* the system's maximum */
    assert_output((weir_command){.argv = SHELL("nice"), .nice = 3}, wanted);
}
END_TEST

START_TEST (a_command_above_its_limit_ends) {
    const weir_process_limits limits = {.file_size = 10000, .cpu_time = 1};
    assert_failure(WEIR_CODE_SIGNAL(SIGXCPU), "sh: killed by SIGXCPU",
                   (weir_command){.argv = SHELL("while :; do :; done"), .limits = limits});
    char name[] = "/tmp/weir-limit-XXXXXX", script[128];
    close(mkstemp(name));
    snprintf(script, sizeof script, "exec head -c 100000 /dev/zero >%s", name);
    assert_failure(WEIR_CODE_SIGNAL(SIGXFSZ), "sh: killed by SIGXFSZ",
                   (weir_command){.argv = SHELL(script), .limits = limits});
    unlink(name);
}
END_TEST

static void note_signal(int number) {
    (void)number;
}

/* A handler of the program is none of the command, also if it comes while that starts. */
START_TEST (no_handler_of_the_program_reaches_it) {
    struct sigaction action = {.sa_handler = note_signal}, before;
    sigaction(SIGUSR1, &action, &before);
    assert_failure(WEIR_CODE_SIGNAL(SIGUSR1), "sh: killed by SIGUSR1",
                   (weir_command){.argv = SHELL("kill -USR1 $$"), .limits = harmless});
    sigaction(SIGUSR1, &before, NULL);
}
END_TEST

START_TEST (limits_of_no_use_are_refused) {
    weir_command command = {.argv = ARGV("true"), .limits.oom_score_adj = 1001};
    run_and_free(WEIR_CODE(WEIR_INVALID), command);
    command.limits.oom_score_adj = -1;
    run_and_free(WEIR_CODE(WEIR_INVALID), command);
    command.limits = (weir_process_limits){.reserved = {&command}};
    run_and_free(WEIR_CODE(WEIR_INVALID), command);
}
END_TEST

/* As a program that runs for another user, or one that the kernel cannot end. */
START_TEST (a_command_that_cannot_be_killed_is_given_up) {
    weir_command_result result;
    int before = open_descriptors();
    failing = KILLING;
    int code = weir_command_run(NULL,
                                &(weir_command){.argv = SHELL("trap '' TERM; while :; do sleep 1; done"),
                                                .timeout = 100 * MILLISECONDS,
                                                .grace = MILLISECONDS},
                                &result);
    failing = NO_FAULT;
    ck_assert_int_eq(code, WEIR_CODE(WEIR_BUSY));
    ck_assert(result.goes_on && result.timed_out);
    ck_assert_str_eq(result.message, "sh: goes on after SIGKILL");
    weir_command_result_free(&result);
    ck_assert_int_eq(open_descriptors(), before);
    ck_assert_int_eq(kill(-unkillable, SIGKILL), 0);
    ck_assert_int_eq(waitpid(unkillable, NULL, 0), unkillable);
}
END_TEST

/* Each allocation fails in turn, until there is none left. */
START_TEST (without_memory_nothing_is_left) {
    const weir_command command = {.argv = SHELL("seq 1 20000"), .most_output = 1 << 20};
    int code = WEIR_CODE(WEIR_NOMEM), call = 1;
    for (; code == WEIR_CODE(WEIR_NOMEM); call++) {
        weir_command_result result;
        int before = open_descriptors();
        failing = ALLOCATION;
        failing_call = call;
        code = weir_command_run(NULL, &command, &result);
        failing = NO_FAULT;
        ck_assert(code == 0 || code == WEIR_CODE(WEIR_NOMEM));
        ck_assert(code == 0 || result.out.kept < 108894);
        weir_command_result_free(&result);
        ck_assert_int_eq(open_descriptors(), before);
        assert_no_children();
    }
    ck_assert_int_gt(call, 3);
}
END_TEST

enum { MANY = 200 };

START_TEST (many_commands_leave_nothing) {
    struct shell_stage stage = {.witness = new_witness()};
    int before = open_descriptors();
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_stage(pipeline,
              (weir_stage_options){
                  .name = "run", .work.run = run_script, .work.arg = &stage, .threads.count = 4, .input.drop = ignore});
    start_pipeline(pipeline);
    for (int i = 0; i < MANY; i++)
        assert_status(WEIR_OK, weir_pipeline_put(pipeline, (void *)"exit 0"));
    finish_and_destroy(pipeline, WEIR_OK);
    ck_assert_uint_eq(atomic_load(&stage.codes[0]), MANY);
    ck_assert_int_eq(open_descriptors(), before);
    assert_no_children();
    assert_none_left(&stage.witness);
}
END_TEST

/* ---- faults ---- */

START_TEST (the_end_is_found_without_a_pidfd) {
    failing = NO_PIDFD;
    assert_output((weir_command){.argv = SHELL("sleep 0.1; echo hi")}, "hi\n");
    run_and_free(3, (weir_command){.argv = SHELL("exit 3")});
    failing = NO_FAULT;
}
END_TEST

/* Another part of the program has closed a number that was not its own. */
START_TEST (the_end_is_found_though_the_pidfd_is_closed) {
    failing = CLOSED_PIDFD;
    assert_output((weir_command){.argv = SHELL("sleep 0.1; echo hi")}, "hi\n");
    run_and_free(3, (weir_command){.argv = SHELL("exit 3")});
    failing = NO_FAULT;
}
END_TEST

static weir_command_result run_forbidden(int wanted, weir_command command) {
    weir_command_result result;
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &allowed), 0);
    atomic_store(&polls, 0);
    forbidden = true;
    int code = weir_command_run(NULL, &command, &result);
    forbidden = false;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &allowed), 0);
    ck_assert_int_eq(code, wanted);
    ck_assert_uint_lt(atomic_load(&polls), 10000); /* it does not spin */
    return result;
}

/* The program lowers its limit for descriptors during the run: a poll of more is refused. */
START_TEST (the_end_is_found_though_the_system_refuses_to_poll) {
    weir_command_result result = run_forbidden(0, (weir_command){.argv = SHELL("echo out; sleep 0.3; seq 1 20000")});
    ck_assert_uint_eq(result.out.total, 4 + 108894);
    weir_command_result_free(&result);
    result = run_forbidden(WEIR_CODE(WEIR_TIMEDOUT),
                           (weir_command){.argv = ARGV("sleep", "1000"), .timeout = 100 * MILLISECONDS});
    weir_command_result_free(&result);
}
END_TEST

/* The program has closed the descriptor that tells of a cancel. It is polled once, and a cancel ends the command. */
START_TEST (a_cancel_is_found_though_its_descriptor_is_closed) {
    struct shell_stage stage = {.witness = new_witness()};
    char c;
    stop = 1000; /* not open */
    atomic_store(&polls, 0);
    weir_pipeline *pipeline = new_pipeline(NULL);
    add_stage(pipeline,
              (weir_stage_options){.name = "run", .work.run = run_script, .work.arg = &stage, .input.drop = ignore});
    start_pipeline(pipeline);
    assert_status(WEIR_OK, weir_pipeline_put(pipeline, (void *)"sleep 0.3; printf x; exec sleep 1000"));
    ck_assert_int_eq(read(stage.witness.ends[0], &c, 1), 1);
    assert_status(WEIR_OK, weir_pipeline_cancel(pipeline));
    finish_and_destroy(pipeline, WEIR_CANCELLED);
    stop = -1;
    ck_assert_uint_eq(atomic_load(&stage.codes[1]), 1);
    ck_assert_uint_lt(atomic_load(&polls), 10000); /* it does not spin */
    assert_none_left(&stage.witness);
    assert_no_children();
}
END_TEST

START_TEST (input_passes_where_memfd_create_is_forbidden) {
    failing = NO_MEMORY_FILE;
    assert_output((weir_command){.argv = ARGV("cat"), .input = "abc", .input_size = 3}, "abc");
    failing = NO_FAULT;
}
END_TEST

START_TEST (a_command_runs_without_a_null_device) {
    int before = open_descriptors();
    failing = NO_NULL;
    assert_output((weir_command){.argv = SHELL("cat; echo hi")}, "hi\n");
    ck_assert_int_eq(weir_command_run(NULL, &(weir_command){.argv = SHELL("seq 1 100000; exit 3")}, NULL), 3);
    failing = NO_FAULT;
    ck_assert_int_eq(open_descriptors(), before);
}
END_TEST

START_TEST (what_fails_in_the_system_leaves_nothing) {
    const struct {
        enum fault kind;
        int calls, error;
    } faults[] = {{MEMORY_FILE, 1, EMFILE}, {PIPE, _i == 0 ? 2 : 3, ENFILE}, {SPAWN, 1, EAGAIN}};
    limited = _i != 0; /* its start has a pipe */
    for (size_t i = 0; i < COUNT_OF(faults); i++)
        for (int call = 1; call <= faults[i].calls; call++) {
            failing = faults[i].kind;
            failing_call = call;
            run_and_free(WEIR_CODE_NOT_RUN(faults[i].error),
                         (weir_command){.argv = ARGV("cat"), .input = "x", .input_size = 1});
        }
    failing = NO_FAULT;
    run_and_free(0, (weir_command){.argv = ARGV("cat"), .input = "x", .input_size = 1});
    limited = false;
}
END_TEST

/* Signals to the group would reach the program that has started it, or none. */
START_TEST (a_command_without_a_group_of_its_own_is_not_run) {
    limited = true;
    failing = GROUP;
    run_and_free(WEIR_CODE_NOT_RUN(EPERM), (weir_command){.argv = ARGV("true")});
    failing = NO_FAULT;
    run_and_free(0, (weir_command){.argv = ARGV("true")});
    limited = false;
}
END_TEST

/* With room for `room` more descriptors. */
static int run_within(int room) {
    struct rlimit before, limit;
    int next = dup(0);
    close(next);
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &before), 0);
    limit = before;
    limit.rlim_cur = (rlim_t)next + (rlim_t)room;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    weir_command_result result;
    weir_command command = {.argv = ARGV("cat"), .input = "x", .input_size = 1};
    if (limited)
        command.limits = harmless;
    int code = weir_command_run(NULL, &command, &result);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &before), 0);
    ck_assert(code == WEIR_CODE_NOT_RUN(EMFILE) || result.out.total == 1);
    weir_command_result_free(&result);
    return code;
}

START_TEST (without_descriptors_it_is_not_run) {
    int before = open_descriptors();
    limited = _i != 0;
    ck_assert_int_eq(run_within(0), WEIR_CODE_NOT_RUN(EMFILE));
    for (int room = 1; room < 9; room++) { /* how many it takes differs with the system */
        int code = run_within(room);
        ck_assert_msg(code == 0 || code == WEIR_CODE_NOT_RUN(EMFILE), "%d", code);
    }
    ck_assert_int_eq(run_within(64), 0);
    limited = false;
    ck_assert_int_eq(open_descriptors(), before);
    assert_no_children();
}
END_TEST

/* The same with the standard streams closed: what is opened is moved above them, or fails. Returns the code. */
static int run_within_above_standard(int room) {
    struct rlimit before, limit;
    weir_command_result result;
    weir_command command = {.argv = ARGV("cat"), .input = "x", .input_size = 1};
    int saved[3];
    if (limited)
        command.limits = harmless;
    for (int fd = 0; fd < 3; fd++)
        saved[fd] = fcntl(fd, F_DUPFD_CLOEXEC, 20);
    int next = dup(0);
    close(next);
    getrlimit(RLIMIT_NOFILE, &before);
    limit = before;
    limit.rlim_cur = (rlim_t)next + (rlim_t)room;
    for (int fd = 0; fd < 3; fd++)
        close(fd);
    setrlimit(RLIMIT_NOFILE, &limit);
    int code = weir_command_run(NULL, &command, &result);
    weir_command_result_free(&result);
    setrlimit(RLIMIT_NOFILE, &before);
    for (int fd = 0; fd < 3; fd++) {
        dup2(saved[fd], fd);
        close(saved[fd]);
    }
    return code;
}

START_TEST (without_descriptors_above_the_standard_ones_it_is_not_run) {
    int before = open_descriptors(), code = WEIR_CODE_NOT_RUN(EMFILE);
    limited = _i != 0;
    for (int room = 0; room < 16 && code == WEIR_CODE_NOT_RUN(EMFILE); room++) {
        code = run_within_above_standard(room);
        ck_assert_msg((code == 0 && room > 0) || code == WEIR_CODE_NOT_RUN(EMFILE), "%d with room for %d", code, room);
        ck_assert_int_eq(open_descriptors(), before);
        assert_no_children();
    }
    ck_assert_int_eq(code, 0);
    limited = false;
}
END_TEST

START_TEST (an_input_above_the_limit_for_files_is_not_passed) {
    static const char input[4000];
    struct rlimit before, low;
    sigset_t pending, mask;
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
    low = before;
    low.rlim_cur = 1000;
    weir_command_result result;
    int is_limited = setrlimit(RLIMIT_FSIZE, &low); /* and no assertion: it adds to a file */
    int code = weir_command_run(NULL, &(weir_command){.argv = ARGV("cat"), .input = input, .input_size = sizeof input},
                                &result);
    int is_ended = setrlimit(RLIMIT_FSIZE, &before);
    sigpending(&pending);
    pthread_sigmask(SIG_BLOCK, NULL, &mask);
    ck_assert_int_eq(is_limited, 0);
    ck_assert_int_eq(is_ended, 0);
    ck_assert_int_eq(code, WEIR_CODE_NOT_RUN(EFBIG));
    weir_command_result_free(&result);
    ck_assert(sigismember(&pending, SIGXFSZ) == 0 && sigismember(&mask, SIGXFSZ) == 0);
    run_and_free(0, (weir_command){.argv = ARGV("cat"), .input = input, .input_size = sizeof input});
}
END_TEST

static TCase *add_start_case(Suite *suite, const char *name, bool is_limited) {
    TCase *tcase = add_case(suite, name);
    tcase_add_checked_fixture(tcase, is_limited ? set_limited : set_unlimited, set_unlimited);
    return tcase;
}

static void add_starts(Suite *suite, bool is_limited) {
    TCase *codes = add_start_case(suite, is_limited ? "codes, limited" : "codes", is_limited);
    tcase_add_test(codes, an_exit_status_is_the_code);
    tcase_add_test(codes, the_last_line_of_a_long_error_is_in_the_message);
    tcase_add_test(codes, a_signal_is_the_code);
    tcase_add_test(codes, a_command_that_cannot_be_run_has_codes_of_its_own);
    tcase_add_test(codes, the_program_is_searched_in_each_folder_of_the_path);
    tcase_add_test(codes, a_text_without_interpreter_is_not_run);
    tcase_add_test(codes, a_command_needs_a_program);
    TCase *given = add_start_case(suite, is_limited ? "given, limited" : "given", is_limited);
    tcase_add_test(given, arguments_pass_as_they_are);
    tcase_add_test(given, environment_and_directory_are_those_asked_for);
    tcase_add_test(given, output_without_a_result_goes_nowhere);
    tcase_add_test(given, neither_the_mask_of_the_thread_nor_ignored_signals_reach_it);
    tcase_add_test(given, what_the_former_group_is_sent_does_not_reach_it);
    tcase_add_test(given, input_need_not_be_read);
    tcase_add_test(given, it_has_no_descriptor_but_its_streams);
    tcase_add_test(given, descriptors_are_closed_one_by_one_where_there_is_no_list);
    tcase_add_test(given, a_child_without_one_of_its_descriptors_is_not_started);
    TCase *outputs = add_start_case(suite, is_limited ? "outputs, limited" : "outputs", is_limited);
    tcase_add_test(outputs, the_first_bytes_of_each_output_are_kept);
    tcase_add_test(outputs, outputs_to_descriptors_do_not_swap);
    tcase_add_test(outputs, closed_standard_streams_do_no_harm);
    TCase *end = add_start_case(suite, is_limited ? "end, limited" : "end", is_limited);
    tcase_add_test(end, a_grandchild_that_holds_an_output_is_a_straggler);
    tcase_add_test(end, what_comes_within_the_linger_is_read);
    tcase_add_test(end, the_time_of_a_command_has_no_linger);
    tcase_add_test(end, what_a_command_has_left_is_read_after_its_end);
    tcase_add_loop_test(end, at_the_timeout_the_whole_group_ends, 0, 2);
    tcase_add_test(end, sigterm_ignored_becomes_sigkill);
    tcase_add_test(end, a_stopped_command_acts_on_sigterm);
    tcase_add_test(end, a_command_that_has_left_its_group_is_ended);
    tcase_add_test(end, a_flood_of_output_delays_no_timeout);
    tcase_add_test(end, a_lost_exit_status_is_said);
}

static Suite *command_suite(void) {
    Suite *suite = suite_create("commands");
    add_starts(suite, false);
    add_starts(suite, true);
    TCase *limits = add_case(suite, "limits");
    tcase_add_test(limits, much_output_is_counted_within_bounded_memory);
    tcase_add_test(limits, limits_are_in_force_when_the_program_begins);
    tcase_add_test(limits, a_command_above_its_limit_ends);
    tcase_add_test(limits, no_handler_of_the_program_reaches_it);
    tcase_add_test(limits, limits_of_no_use_are_refused);
    tcase_add_test(limits, a_command_that_cannot_be_killed_is_given_up);
    TCase *pipelines = add_case(suite, "pipelines");
    tcase_add_loop_test(pipelines, a_cancel_ends_running_commands, 0, 2);
    tcase_add_test(pipelines, a_cancel_ends_the_wait_for_a_straggler);
    tcase_add_test(pipelines, a_failed_command_is_retried_and_named_in_its_letter);
    tcase_add_test(pipelines, the_time_of_an_attempt_ends_its_command);
    tcase_add_loop_test(pipelines, the_end_waits_for_a_command_that_a_cancel_ends, 0, 2);
    tcase_add_test(pipelines, the_end_waits_no_longer_once_the_command_has_ended);
    tcase_add_test(pipelines, a_command_is_not_started_after_a_cancel_that_comes_meanwhile);
    tcase_add_loop_test(pipelines, a_command_that_would_be_late_is_not_started, 0, 2);
    tcase_add_test(pipelines, many_commands_leave_nothing);
    TCase *faults = add_case(suite, "faults");
    tcase_add_test(faults, the_end_is_found_without_a_pidfd);
    tcase_add_test(faults, the_end_is_found_though_the_pidfd_is_closed);
    tcase_add_test(faults, the_end_is_found_though_the_system_refuses_to_poll);
    tcase_add_test(faults, a_cancel_is_found_though_its_descriptor_is_closed);
    tcase_add_test(faults, input_passes_where_memfd_create_is_forbidden);
    tcase_add_test(faults, a_command_runs_without_a_null_device);
    tcase_add_loop_test(faults, what_fails_in_the_system_leaves_nothing, 0, 2);
    tcase_add_test(faults, a_command_without_a_group_of_its_own_is_not_run);
    tcase_add_loop_test(faults, without_descriptors_it_is_not_run, 0, 2);
    tcase_add_loop_test(faults, without_descriptors_above_the_standard_ones_it_is_not_run, 0, 2);
    tcase_add_test(faults, an_input_above_the_limit_for_files_is_not_passed);
    tcase_add_test(faults, without_memory_nothing_is_left);
    return suite;
}

/* As a command: joins the group of its parent, and stays. */
static int stay_in_another_group(void) {
    if (setpgid(0, getpgid(getppid())) != 0)
        return 3;
    pause();
    return 4;
}

/* As a command: leaves much output in its pipe. */
static int fill_a_pipe(void) {
    static const char bytes[PIPE_FULL];
#ifdef F_SETPIPE_SZ
    if (fcntl(1, F_SETPIPE_SZ, PIPE_FULL) >= PIPE_FULL)
        return write(1, bytes, sizeof bytes) == sizeof bytes ? 0 : 1;
#endif
    return bytes[0] + CANNOT_FILL;
}

int main(int argc, char **argv) {
    if (argc == 2 && strcmp(argv[1], "--fill-a-pipe") == 0)
        return fill_a_pipe();
    if (argc == 2 && strcmp(argv[1], "--other-group") == 0)
        return stay_in_another_group();
    return run_suite(command_suite());
}
