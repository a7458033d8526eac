/*
 * thread.c - Implements threads with POSIX threads.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "sync/thread.h"

#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "sync/allowance.h"
#include "sync/atomic.h"
#include "sync/clock.h"
#include "sync/futex.h"
#include "sync/relax.h"
#include "sync/thread_gone.h"
#include "sync/thread_name.h"

_Thread_local const weir__thread *weir__thread_started WEIR__TLS;
_Thread_local struct weir__callout *weir__thread_inside WEIR__TLS;

static _Thread_local uint64_t thread_serial __attribute__((tls_model("initial-exec"))); /* 0: none yet */

uint64_t weir__thread_serial(void) {
    static weir__u64 last;
    if (thread_serial == 0)
        thread_serial = weir__u64_add_acquire_release(&last, 1) + 1;
    return thread_serial;
}

int weir__uncancellable_begin(void) {
    int before;
    pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
    return before;
}

void weir__uncancellable_end(int before) {
    int unused; /* not every system takes NULL */
    pthread_setcancelstate(before, &unused);
}

static void leave_thread(void *raw) {
    const weir__thread *thread = raw;
    if (thread->at_exit != NULL)
        thread->at_exit(thread->arg);
}

static void *trampoline(void *raw) {
    weir__thread *thread = raw;
    (void)weir__uncancellable_begin();
    weir__thread_set_name(thread->name);
    if (pthread_getcpuclockid(pthread_self(), &thread->clock) != 0)
        thread->clock = CLOCK_MONOTONIC; /* such a thread never seems to sleep */
    weir__u32_store_relaxed(&thread->number, weir__thread_number());
    weir__thread_started = thread;
    pthread_cleanup_push(leave_thread, thread); /* runs on pthread_exit too */
    thread->main(thread->arg);
    pthread_cleanup_pop(1);
    return NULL;
}

void weir__thread_guard(void (*run)(void *), void (*leave)(void *), void *arg) {
    pthread_cleanup_push(leave, arg);
    run(arg);
    pthread_cleanup_pop(0);
}

uint64_t weir__thread_used(const weir__thread *thread) {
    struct timespec used;
    if (clock_gettime(thread->clock, &used) != 0)
        return 0;
    return (uint64_t)used.tv_sec * 1000000000 + (uint64_t)used.tv_nsec;
}

bool weir__thread_read(const weir__thread *thread, const char *name, char *text, size_t size) {
    char path[48];
    (void)snprintf(path, sizeof path, "/proc/self/task/%u/%s", (unsigned)weir__u32_load_relaxed(&thread->number), name);
    int before = weir__uncancellable_begin();
    int file = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t length = file < 0 ? -1 : read(file, text, size - 1);
    if (file >= 0)
        close(file);
    weir__uncancellable_end(before);
    if (length > 0)
        text[length] = '\0';
    return length > 0;
}

/* The state is the letter after the name in parentheses. */
bool weir__thread_sleeps(const weir__thread *thread) {
    char text[96];
    if (!weir__thread_read(thread, "stat", text, sizeof text))
        return true;
    const char *name_end = strrchr(text, ')');
    return name_end == NULL || name_end[1] != ' ' || name_end[2] == 'S' || name_end[2] == 'D';
}

uint64_t weir__thread_sleep_count(void) {
    return weir__thread_count_sleeps();
}

/* Returns a stack size that the system accepts: at least its minimum, in whole pages. */
static size_t usable_stack_size(size_t wanted) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t least = (size_t)PTHREAD_STACK_MIN;
    size_t size = wanted < least ? least : wanted;
    if (size > SIZE_MAX - page)
        return size / page * page;
    return (size + page - 1) / page * page;
}

/*
 * Signals that a thread causes itself, by a bad access or the like. If blocked, they end the process without a
 * handler.
 */
static const int own_signals[] = {SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGSYS, SIGTRAP};

static void fill_with_foreign_signals(sigset_t *set) {
    sigfillset(set);
    for (size_t i = 0; i < sizeof own_signals / sizeof own_signals[0]; i++)
        sigdelset(set, own_signals[i]);
}

bool weir__thread_blocks(int signal) {
    bool own = false;
    for (size_t i = 0; i < sizeof own_signals / sizeof own_signals[0]; i++)
        own = own || signal == own_signals[i];
    return !own;
}

static bool create(weir__thread *thread, const pthread_attr_t *attr) {
    sigset_t foreign, before;
    fill_with_foreign_signals(&foreign);
    pthread_sigmask(SIG_SETMASK, &foreign, &before); /* a thread inherits its creator's mask */
    int failed = pthread_create(&thread->id, attr, trampoline, thread);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return !failed;
}

bool weir__thread_start(weir__thread *thread) {
    pthread_attr_t attr;
    if (pthread_attr_init(&attr) != 0)
        return false;
    bool started = false;
    if (thread->stack_size == 0 || pthread_attr_setstacksize(&attr, usable_stack_size(thread->stack_size)) == 0)
        started = create(thread, &attr);
    pthread_attr_destroy(&attr);
    return started;
}

void weir__thread_join(weir__thread *thread) {
    int before = weir__uncancellable_begin();
    pthread_join(thread->id, NULL);
    weir__uncancellable_end(before);
}

/*
 * Sleeps for `*length` ns, at most until `deadline`, and doubles the length. A thread that has run all of its
 * functions is gone in microseconds, but a destructor of thread-specific data may take any time.
 */
static void nap(uint64_t *length, uint64_t deadline) {
    enum { LONGEST = 5 * 1000 * 1000 }; /* ns */
    weir__u32 word;
    weir__u32_store_relaxed(&word, 0);
    uint64_t until = weir__clock_now() + *length;
    (void)weir__futex_wait(&word, 0, until < deadline ? until : deadline);
    *length = 2 * *length < LONGEST ? 2 * *length : LONGEST;
}

bool weir__thread_join_until(weir__thread *thread, uint64_t deadline) {
    enum { YIELDS = 30 };
    uint64_t length = 20 * 1000;
    unsigned looks = 0;
    while (deadline != UINT64_MAX && !weir__thread_is_gone(weir__u32_load_relaxed(&thread->number))) {
        uint64_t now = weir__clock_now();
        if (now >= deadline)
            return weir__thread_try_join(thread->id);
        if (looks++ < YIELDS && deadline - now >= WEIR__YIELD_MAY_TAKE)
            sched_yield();
        else
            nap(&length, deadline);
    }
    weir__thread_join(thread);
    return true;
}

static unsigned least(unsigned a, unsigned b) {
    return a < b ? a : b;
}

/* Asks the system only once, because it reads files for the answer. */
unsigned weir__processors(void) {
    static weir__u32 known; /* 0: not yet known */
    uint32_t processors = weir__u32_load_relaxed(&known);
    if (processors == 0) {
        long online = sysconf(_SC_NPROCESSORS_ONLN);
        processors = online > 0 ? (uint32_t)online : 1;
        processors = least(processors, weir__allowance_by_affinity());
        processors = least(processors, weir__allowance_by_groups("/proc/self/cgroup", "/sys/fs/cgroup"));
        weir__u32_store_relaxed(&known, processors);
    }
    return processors;
}
