/*
 * test_unusual.c - what lib/sync does where the system refuses a call or lacks it: limits, flags of descriptors, clocks
 * of threads, sizes of terminals, and a vfork that copies memory.
 *
 * Linked with the library's internals. A replaced function of the system fails while its flag is set.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _GNU_SOURCE
#include "support.h"
#include "terminal.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "sync/channel.h"
#include "sync/child.h"
#include "sync/child_vfork.h"
#include "sync/confine.h"
#include "sync/event.h"
#include "sync/event_ends.h"
#include "sync/sync.h"
#include "sync/stream.h"
#include "sync/terminal.h"

/* ---- functions of the system that fail ---- */

static bool no_size, no_clock, no_length;
static bool pipe_ends;    /* an event has two ends */
static int refused_flag;  /* F_SETFD or F_SETFL; 0: none */
static int flags_granted; /* calls with it that succeed first */
static int refused_limit; /* its present value is not told; -1: each is */
static int read_errors;   /* reads that fail with EIO */
static int interrupted;   /* sends that a signal interrupts */
static unsigned signals_sent;

/* Limits of this process are neither read nor set, but kept here. */
static bool confined;
static rlim_t held;
static bool was_set[RLIM_NLIMITS];
static struct rlimit set_to[RLIM_NLIMITS];
static unsigned set_count;
static int niceness;

/* With CK_FORK=no, an earlier test may have failed in between. */
static void heal(void) {
    no_size = no_clock = no_length = pipe_ends = confined = false;
    refused_flag = flags_granted = read_errors = interrupted = 0;
    refused_limit = -1;
    signals_sent = set_count = 0;
    held = RLIM_INFINITY;
    memset(was_set, 0, sizeof was_set);
    memset(set_to, 0, sizeof set_to);
    niceness = 0;
}

int __real_ioctl(int fd, unsigned long request, ...);
int __wrap_ioctl(int fd, unsigned long request, ...);
int __wrap_ioctl(int fd, unsigned long request, ...) {
    va_list arguments;
    va_start(arguments, request);
    void *argument = va_arg(arguments, void *);
    va_end(arguments);
    if (!no_size || (unsigned)request != TIOCGWINSZ) /* musl passes an int */
        return __real_ioctl(fd, request, argument);
    *(struct winsize *)argument = (struct winsize){.ws_col = 7, .ws_row = 7}; /* of no meaning */
    errno = ENOTTY;
    return -1;
}

int __real_fcntl(int fd, int command, ...);
int __wrap_fcntl(int fd, int command, ...);
int __wrap_fcntl(int fd, int command, ...) {
    va_list arguments;
    va_start(arguments, command);
    long argument = va_arg(arguments, long);
    va_end(arguments);
    if (command == refused_flag && flags_granted-- == 0) {
        errno = EPERM;
        return -1;
    }
    return __real_fcntl(fd, command, argument);
}

int __real_ftruncate(int fd, off_t length);
int __wrap_ftruncate(int fd, off_t length);
int __wrap_ftruncate(int fd, off_t length) {
    errno = EFBIG;
    return no_length ? -1 : __real_ftruncate(fd, length);
}

ssize_t __real_read(int fd, void *to, size_t size);
ssize_t __wrap_read(int fd, void *to, size_t size);
ssize_t __wrap_read(int fd, void *to, size_t size) {
    if (read_errors == 0)
        return __real_read(fd, to, size);
    read_errors--;
    errno = EIO;
    return -1;
}

ssize_t __real_send(int socket, const void *bytes, size_t size, int flags);
ssize_t __wrap_send(int socket, const void *bytes, size_t size, int flags);
ssize_t __wrap_send(int socket, const void *bytes, size_t size, int flags) {
    if (interrupted == 0)
        return __real_send(socket, bytes, size, flags);
    interrupted--;
    errno = EINTR;
    return -1;
}

int __real_pthread_getcpuclockid(pthread_t thread, clockid_t *clock);
int __wrap_pthread_getcpuclockid(pthread_t thread, clockid_t *clock);
int __wrap_pthread_getcpuclockid(pthread_t thread, clockid_t *clock) {
    return no_clock ? ENOENT : __real_pthread_getcpuclockid(thread, clock);
}

/* Copies memory, as the emulations do. */
pid_t __wrap_vfork(void);
pid_t __wrap_vfork(void) {
    return fork();
}

int __real_getrlimit(int resource, struct rlimit *limit);
int __wrap_getrlimit(int resource, struct rlimit *limit);
int __wrap_getrlimit(int resource, struct rlimit *limit) {
    if (!confined)
        return __real_getrlimit(resource, limit);
    if (resource == refused_limit) {
        errno = EPERM;
        return -1;
    }
    *limit = (struct rlimit){.rlim_cur = held, .rlim_max = held};
    return 0;
}

int __real_setrlimit(int resource, const struct rlimit *limit);
int __wrap_setrlimit(int resource, const struct rlimit *limit);
int __wrap_setrlimit(int resource, const struct rlimit *limit) {
    if (!confined)
        return __real_setrlimit(resource, limit);
    was_set[resource] = true;
    set_to[resource] = *limit;
    set_count++;
    return 0;
}

int __wrap_nice(int value);
int __wrap_nice(int value) {
    niceness = value;
    errno = EPERM;
    return -1;
}

int __real_kill(pid_t pid, int signal);
int __wrap_kill(pid_t pid, int signal);
int __wrap_kill(pid_t pid, int signal) {
    signals_sent++;
    return __real_kill(pid, signal);
}

bool __real_weir__event_make_ends(int *readable, int *written);
bool __wrap_weir__event_make_ends(int *readable, int *written);
bool __wrap_weir__event_make_ends(int *readable, int *written) {
    int ends[2];
    if (!pipe_ends)
        return __real_weir__event_make_ends(readable, written);
    if (pipe(ends) != 0)
        return false;
    *readable = ends[0];
    *written = ends[1];
    return true;
}

static int open_descriptors(void) {
    int count = 0;
    for (int fd = 0; fd < 256; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

/* ---- terminals ---- */

START_TEST (a_terminal_that_does_not_tell_its_size_has_80_columns) {
    struct terminal terminal;
    if (!terminal_open(&terminal, 100))
        return;
    FILE *stream = fdopen(terminal.slave, "r+");
    ck_assert_ptr_nonnull(stream);
    ck_assert_uint_eq(weir__terminal_size(stream).columns, 100);
    no_size = true;
    const struct weir__terminal size = weir__terminal_size(stream);
    no_size = false;
    ck_assert_uint_eq(size.columns, 80);
    ck_assert_uint_eq(size.rows, 24);
    fclose(stream);
    close(terminal.master);
}
END_TEST

/* ---- descriptors ---- */

/* A child would inherit such a descriptor, or a reader would block on it. */
START_TEST (an_event_without_its_flags_has_no_descriptor) {
    static const int flags[] = {F_SETFD, F_SETFL};
    for (int ends = 1; ends <= 2; ends++)
        for (int granted = 0; granted < ends; granted++) {
            weir__event event = {.open = false};
            int before = open_descriptors();
            weir__event_happen(&event);
            pipe_ends = ends == 2;
            refused_flag = flags[_i];
            flags_granted = granted;
            ck_assert_int_eq(weir__event_descriptor(&event), -1);
            ck_assert_int_eq(open_descriptors(), before);
            refused_flag = 0;
            int readable = weir__event_descriptor(&event);
            ck_assert_int_ge(readable, 0);
            ck_assert_int_eq(fcntl(readable, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
            ck_assert_int_eq(fcntl(readable, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
            ck_assert_uint_eq(weir__event_quiet(&event), 1); /* what happened before is told */
            weir__event_close(&event);
            ck_assert_int_eq(open_descriptors(), before);
        }
}
END_TEST

START_TEST (a_pipe_that_would_block_is_not_made) {
    int reading, writing, before = open_descriptors();
    refused_flag = F_SETFL;
    flags_granted = 0;
    ck_assert_int_eq(weir__stream_pipe(&reading, &writing), EPERM);
    refused_flag = 0;
    ck_assert_int_eq(reading, -1);
    ck_assert_int_eq(writing, -1);
    ck_assert_int_eq(open_descriptors(), before);
}
END_TEST

/* A stream that cannot be read would be polled for ever. */
START_TEST (a_stream_that_cannot_be_read_has_ended) {
    char byte;
    int reading, writing;
    ck_assert_int_eq(weir__stream_pipe(&reading, &writing), 0);
    ck_assert_int_eq(weir__stream_read(reading, &byte, 1), -1); /* nothing yet */
    read_errors = 1;
    ck_assert_int_eq(weir__stream_read(reading, &byte, 1), 0);
    weir__stream_close(&reading);
    weir__stream_close(&writing);
}
END_TEST

START_TEST (a_signal_loses_no_message) {
    weir__channel channel;
    int theirs[2];
    char text[8] = "";
    size_t size = 0;
    ck_assert_int_eq(weir__channel_open(&channel, theirs), 0);
    interrupted = 2;
    ck_assert_int_eq(weir__channel_send(channel.socket, "one", 4), 0);
    interrupted = 2;
    ck_assert(weir__channel_notify(channel.socket, "two", 4, false));
    ck_assert_int_eq(interrupted, 0);
    ck_assert_int_eq(weir__channel_receive(theirs[0], text, sizeof text, &size, false), WEIR__RECEIVED);
    ck_assert_str_eq(text, "one");
    ck_assert_int_eq(weir__channel_receive(theirs[0], text, sizeof text, &size, false), WEIR__RECEIVED);
    ck_assert_str_eq(text, "two");
    ck_assert_int_eq(weir__channel_receive(theirs[0], text, sizeof text, &size, false), WEIR__RECEIVED_NONE);
    weir__channel_close(&channel);
    close(theirs[0]);
    close(theirs[1]);
}
END_TEST

/* A child that could make it shorter would end its parent by SIGBUS. */
START_TEST (memory_that_cannot_be_sized_or_sealed_is_not_shared) {
    weir__shared shared;
    int before = open_descriptors();
    no_length = _i == 0;
    refused_flag = _i == 1 ? F_ADD_SEALS : 0;
    ck_assert_int_eq(weir__shared_create(&shared, 65536), _i == 0 ? EFBIG : EPERM);
    ck_assert_ptr_null(shared.bytes);
    ck_assert_int_eq(open_descriptors(), before);
}
END_TEST

/* ---- threads ---- */

static uint64_t used_at_end[2];

static void use_little(void *raw) {
    weir__thread *thread = raw;
    const uint64_t limit = hang_limit();
    used_at_end[0] = weir__thread_used(thread);
    do
        used_at_end[1] = weir__thread_used(thread);
    while (used_at_end[1] == used_at_end[0] && now() < limit);
}

/* It counts as at work, so no other thread is started in its place. */
START_TEST (a_thread_without_a_clock_never_seems_to_sleep) {
    weir__thread thread = {.main = use_little, .arg = &thread};
    no_clock = true;
    ck_assert(weir__thread_start(&thread));
    ck_assert(weir__thread_join_until(&thread, hang_limit()));
    no_clock = false;
    ck_assert_int_eq(thread.clock, CLOCK_MONOTONIC);
    ck_assert_uint_gt(used_at_end[1], used_at_end[0]);
}
END_TEST

START_TEST (a_clock_that_cannot_be_read_shows_no_use) {
    const weir__thread thread = {.clock = (clockid_t)1000};
    ck_assert_uint_eq(weir__thread_used(&thread), 0);
}
END_TEST

/* ---- children ---- */

static pid_t start_child(const char *program, int *error) {
    static char room[8192];
    pid_t pid = 0;
    int before = open_descriptors(), streams[3];
    const char *const argv[] = {program, NULL};
    for (int i = 0; i < 3; i++)
        streams[i] = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
    const weir__child_options options = {.argv = argv, .streams = {streams[0], streams[1], streams[2]}, .room = room};
    *error = weir__child_vfork(&pid, &options);
    for (int i = 0; i < 3; i++)
        close(streams[i]);
    ck_assert_int_eq(open_descriptors(), before);
    return pid;
}

/* As under valgrind: the child cannot write to the memory of its parent. */
START_TEST (a_vfork_that_copies_memory_loses_no_failure) {
    int error, status = -1;
    pid_t pid = start_child("true", &error);
    ck_assert_int_eq(error, 0);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
    (void)start_child("/nowhere/weir", &error);
    ck_assert_int_eq(error, ENOENT);
    ck_assert_int_eq(waitpid(-1, &status, WNOHANG), -1); /* reaped */
    ck_assert_int_eq(errno, ECHILD);
}
END_TEST

/* Its number may be that of another process by now. */
START_TEST (a_child_that_another_part_has_reaped_gets_no_signal) {
    pid_t pid = fork();
    if (pid == 0)
        _exit(0);
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
    weir__child child = {.pid = pid, .ended = -1};
    signals_sent = 0;
    weir__child_terminate(&child);
    weir__child_kill(&child);
    ck_assert(weir__child_has_ended(&child));
    ck_assert(!weir__child_reap(&child).known);
    ck_assert_uint_eq(signals_sent, 0);
}
END_TEST

/* ---- limits ---- */

static void confine(void) {
    const weir__confined limits = {.cpu_time = 5, .files = 7, .file_size = 70, .memory = 700, .nice = 3};
    confined = true;
    weir__confine(&limits);
    confined = false;
}

/* Each limit is set by itself: the others hold where one cannot be. */
START_TEST (a_limit_that_cannot_be_read_is_left_and_the_others_hold) {
    refused_limit = _i == 1 ? RLIMIT_NOFILE : -1;
    confine();
    ck_assert_uint_eq(set_count, _i == 1 ? 4 : 5);
    ck_assert_int_eq(was_set[RLIMIT_NOFILE], _i == 0);
    ck_assert_uint_eq(set_to[RLIMIT_NOFILE].rlim_max, _i == 0 ? 7 : 0);
    ck_assert(was_set[RLIMIT_CORE]);
    ck_assert_uint_eq(set_to[RLIMIT_CORE].rlim_max, 0);
    ck_assert_uint_eq(set_to[RLIMIT_DATA].rlim_max, 700);
    ck_assert_uint_eq(set_to[RLIMIT_FSIZE].rlim_max, 70);
    ck_assert_uint_eq(set_to[RLIMIT_CPU].rlim_cur, 5);
    ck_assert_uint_eq(set_to[RLIMIT_CPU].rlim_max, 6); /* SIGKILL a second after SIGXCPU */
    ck_assert_int_eq(niceness, 3);
}
END_TEST

/* No child gets more than its parent has. */
START_TEST (a_limit_raises_none_that_holds) {
    held = 6;
    confine();
    ck_assert_uint_eq(set_to[RLIMIT_NOFILE].rlim_cur, 6);
    ck_assert_uint_eq(set_to[RLIMIT_NOFILE].rlim_max, 6);
    ck_assert_uint_eq(set_to[RLIMIT_CPU].rlim_cur, 5);
    ck_assert_uint_eq(set_to[RLIMIT_CPU].rlim_max, 6);
    ck_assert_uint_eq(set_to[RLIMIT_CORE].rlim_max, 0);
}
END_TEST

static Suite *unusual_suite(void) {
    Suite *suite = suite_create("unusual systems");
    TCase *descriptors = add_case(suite, "descriptors");
    tcase_add_checked_fixture(descriptors, heal, heal);
    tcase_add_test(descriptors, a_terminal_that_does_not_tell_its_size_has_80_columns);
    tcase_add_loop_test(descriptors, an_event_without_its_flags_has_no_descriptor, 0, 2);
    tcase_add_test(descriptors, a_pipe_that_would_block_is_not_made);
    tcase_add_test(descriptors, a_stream_that_cannot_be_read_has_ended);
    tcase_add_test(descriptors, a_signal_loses_no_message);
    tcase_add_loop_test(descriptors, memory_that_cannot_be_sized_or_sealed_is_not_shared, 0, 2);
    TCase *threads = add_case(suite, "threads");
    tcase_add_checked_fixture(threads, heal, heal);
    tcase_add_test(threads, a_thread_without_a_clock_never_seems_to_sleep);
    tcase_add_test(threads, a_clock_that_cannot_be_read_shows_no_use);
    TCase *children = add_case(suite, "children");
    tcase_add_checked_fixture(children, heal, heal);
    tcase_add_test(children, a_vfork_that_copies_memory_loses_no_failure);
    tcase_add_test(children, a_child_that_another_part_has_reaped_gets_no_signal);
    tcase_add_loop_test(children, a_limit_that_cannot_be_read_is_left_and_the_others_hold, 0, 2);
    tcase_add_test(children, a_limit_raises_none_that_holds);
    return suite;
}

int main(void) {
    return run_suite(unusual_suite());
}
