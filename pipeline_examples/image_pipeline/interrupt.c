/*
 * interrupt.c - the thread that waits for signals.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L

#include "interrupt.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "temporary.h"
#include "terminal.h"

/* Nanoseconds for writing pending messages when a signal ends the program. */
static const uint64_t LAST_WORDS = 200 * WEIR_MILLISECOND;

static struct {
    pthread_t thread;
    int signals[3]; /* constant once the thread runs, like the next two */
    size_t count;
    sigset_t set;
    atomic_int first;                          /* the first signal; 0 if none */
    weir_pipeline *pipeline;                   /* used by the main thread only */
    const struct temporary *_Atomic temporary; /* to remove; NULL if none */
} interrupt;

/* Ends the program by the signal's default action, so that the parent process sees the signal. */
static _Noreturn void end(int number) {
    const struct temporary *temporary = atomic_load(&interrupt.temporary);
    if (temporary != NULL)
        temporary_remove(temporary); /* the other threads still run */
    terminal_flush(weir_deadline_after(LAST_WORDS));
    interrupt_release();
    raise(number);
    _exit(EXIT_FAILURE);
}

/*
 * Blocks until a signal arrives. Returns false if it is the one by which interrupt_stop ends the thread. The sender
 * tells it from the others. A flag could not: a signal from outside may have been taken just before the flag was set.
 */
static bool next_signal(int *number) {
    siginfo_t signal;
    do
        *number = sigwaitinfo(&interrupt.set, &signal);
    while (*number < 0 && errno == EINTR);
    return *number > 0 && signal.si_pid != getpid();
}

static void *wait_for_signals(void *unused) {
    (void)unused;
    int number;
    while (next_signal(&number)) {
        if (atomic_exchange(&interrupt.first, number) != 0)
            end(number);
        terminal_say("interrupted; a second signal ends the program at once");
    }
    return NULL;
}

static void add(int signal) {
    interrupt.signals[interrupt.count++] = signal;
    sigaddset(&interrupt.set, signal);
}

/* A signal that was ignored at the start (nohup, a script's "&") stays ignored. */
static void add_unless_ignored(int signal) {
    struct sigaction action;
    if (sigaction(signal, NULL, &action) == 0 && action.sa_handler != SIG_IGN)
        add(signal);
}

bool interrupt_start(void) {
    sigemptyset(&interrupt.set);
    add(SIGTERM); /* interrupt_stop uses it for itself */
    add_unless_ignored(SIGINT);
    add_unless_ignored(SIGHUP);
    pthread_sigmask(SIG_BLOCK, &interrupt.set, NULL);
    int error = pthread_create(&interrupt.thread, NULL, wait_for_signals, NULL);
    if (error != 0)
        terminal_say("cannot create a thread: %s", strerror(error));
    return error == 0;
}

void interrupt_set_temporary(const struct temporary *temporary) {
    atomic_store(&interrupt.temporary, temporary);
}

/* Returns whether the pipeline is ending, for any reason. */
static bool is_ending(weir_pipeline *pipeline) {
    weir_report *report;
    if (weir_pipeline_report(pipeline, &report) != WEIR_OK)
        return false;
    bool is_ending = report->state != WEIR_RUN_RUNNING;
    weir_report_free(report);
    return is_ending;
}

bool interrupt_is_stopping(void) {
    return interrupt_number() != 0 || (interrupt.pipeline != NULL && is_ending(interrupt.pipeline));
}

int interrupt_number(void) {
    return atomic_load(&interrupt.first);
}

void interrupt_stop(void) {
    pthread_kill(interrupt.thread, SIGTERM);
    pthread_join(interrupt.thread, NULL);
}

weir_status interrupt_hand_over(weir_pipeline *pipeline) {
    interrupt.pipeline = pipeline;
    return weir_pipeline_end_on(pipeline, interrupt.signals, interrupt.count, WEIR_NEVER);
}

void interrupt_release(void) {
    for (size_t i = 0; i < interrupt.count; i++) {
        signal(interrupt.signals[i], SIG_IGN); /* discards a pending one */
        signal(interrupt.signals[i], SIG_DFL);
    }
    pthread_sigmask(SIG_UNBLOCK, &interrupt.set, NULL);
}
