/*
 * interrupt.c - the thread that waits for signals.
 *
 * On an abort the queues are shut down first and `level` is raised after that. Whoever gives up because it sees the
 * abort then finds every queue shut down: a photo cut short that way always goes to a drop function, and can never be
 * taken for a good one, or for a failed one, by a later stage.
 *
 * The signal that ends the program at once ends all that could still be waited for: a store that hangs, a reader of the
 * summary that does not read. The temporary folder is removed first; the other threads run on meanwhile.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#define _POSIX_C_SOURCE 200809L

#include "interrupt.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "folder.h"
#include "terminal.h"

enum { RUNNING, STOPPING, ABORTING };

static struct {
    pthread_t thread;
    sigset_t signals;    /* constant once the thread runs */
    atomic_bool is_over; /* set before the thread's last signal */
    atomic_int level;    /* only ever rises; stored under the lock */
    pthread_mutex_t lock;
    weir_queue *const *queues; /* under the lock, as the next; NULL: none attached */
    size_t count;
    bool has_begun;        /* under the lock, as the next: queues were attached once */
    const char *temporary; /* NULL: none */
} interrupt = {.lock = PTHREAD_MUTEX_INITIALIZER};

static void shut_down_locked(int level) {
    if (interrupt.queues == NULL)
        return;
    if (level == STOPPING)
        weir_queue_shutdown(interrupt.queues[0], WEIR_DRAIN);
    for (size_t i = 0; level == ABORTING && i < interrupt.count; i++)
        weir_queue_shutdown(interrupt.queues[i], WEIR_DISCARD);
}

/* Ends the program the way the signal does by default, so that whoever started it learns what it was. */
static _Noreturn void end_locked(int number) {
    sigset_t only;
    if (interrupt.temporary != NULL)
        folder_remove(interrupt.temporary);
    signal(number, SIG_DFL);
    sigemptyset(&only);
    sigaddset(&only, number);
    pthread_sigmask(SIG_UNBLOCK, &only, NULL);
    raise(number);
    _exit(EXIT_FAILURE);
}

static const char *describe_locked(int level) {
    if (!interrupt.has_begun)
        return "interrupted; once more to end at once";
    return level == STOPPING ? "interrupted: finishing what is in flight; once more to abort"
                             : "aborting; once more to end at once";
}

static void raise_level(int number) {
    pthread_mutex_lock(&interrupt.lock);
    int level = atomic_load(&interrupt.level);
    if (level == ABORTING || (level == STOPPING && !interrupt.has_begun))
        end_locked(number);
    level++;
    shut_down_locked(level);
    atomic_store(&interrupt.level, level);
    terminal_say("%s", describe_locked(level));
    pthread_mutex_unlock(&interrupt.lock);
}

static void *wait_for_signals(void *unused) {
    (void)unused;
    int number;
    while (sigwait(&interrupt.signals, &number) == 0 && !atomic_load(&interrupt.is_over))
        raise_level(number);
    return NULL;
}

/* Whoever started this program with a signal ignored (nohup, a script's "&") wants it left alone. */
static void add_unless_ignored(int signal) {
    struct sigaction action;
    if (sigaction(signal, NULL, &action) == 0 && action.sa_handler != SIG_IGN)
        sigaddset(&interrupt.signals, signal);
}

bool interrupt_start(void) {
    sigemptyset(&interrupt.signals);
    sigaddset(&interrupt.signals, SIGTERM); /* interrupt_stop needs one for itself */
    add_unless_ignored(SIGINT);
    add_unless_ignored(SIGHUP);
    pthread_sigmask(SIG_BLOCK, &interrupt.signals, NULL);
    int error = pthread_create(&interrupt.thread, NULL, wait_for_signals, NULL);
    if (error != 0)
        terminal_say("cannot create a thread: %s", strerror(error));
    return error == 0;
}

void interrupt_stop(void) {
    atomic_store(&interrupt.is_over, true);
    pthread_kill(interrupt.thread, SIGTERM);
    pthread_join(interrupt.thread, NULL);
}

bool interrupt_is_stopping(void) {
    return atomic_load(&interrupt.level) >= STOPPING;
}

bool interrupt_is_aborting(void) {
    return atomic_load(&interrupt.level) == ABORTING;
}

void interrupt_attach(weir_queue *const *queues, size_t count) {
    pthread_mutex_lock(&interrupt.lock);
    interrupt.queues = queues;
    interrupt.count = count;
    interrupt.has_begun = true;
    int level = atomic_load(&interrupt.level);
    if (level != RUNNING)
        shut_down_locked(level);
    pthread_mutex_unlock(&interrupt.lock);
}

void interrupt_detach(void) {
    pthread_mutex_lock(&interrupt.lock);
    interrupt.queues = NULL;
    pthread_mutex_unlock(&interrupt.lock);
}

void interrupt_set_temporary(const char *folder) {
    pthread_mutex_lock(&interrupt.lock);
    interrupt.temporary = folder;
    pthread_mutex_unlock(&interrupt.lock);
}
