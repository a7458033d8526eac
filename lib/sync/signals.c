/*
 * signals.c - Implements waiting for POSIX signals, and the process's original signal mask.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "sync/signals.h"

#include <time.h>
#include <unistd.h>

#include <weir/signals.h>

/* ---- waiting ---- */

void weir__signals_clear(weir__signals *signals) {
    sigemptyset(&signals->set);
}

void weir__signals_add(weir__signals *signals, int signal) {
    sigaddset(&signals->set, signal);
}

bool weir__signal_is_blocked(int signal) {
    sigset_t blocked;
    pthread_sigmask(SIG_BLOCK, NULL, &blocked);
    return signal < WEIR__SIGNALS && sigismember(&blocked, signal) == 1 && weir__thread_blocks(signal);
}

int weir__signals_wait(const weir__signals *signals) {
    int arrived, before = weir__uncancellable_begin();
    do /* retry: a handler of another signal may interrupt it */
        arrived = sigwaitinfo(&signals->set, NULL);
    while (arrived <= 0);
    weir__uncancellable_end(before);
    return arrived;
}

bool weir__signal_take(int signal) {
    const struct timespec none = {0, 0};
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signal);
    int before = weir__uncancellable_begin();
    int taken = sigtimedwait(&set, NULL, &none);
    weir__uncancellable_end(before);
    return taken == signal;
}

void weir__signal_hold(weir__held_signal *held, int signal) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, signal);
    pthread_sigmask(SIG_BLOCK, &set, &held->before);
    held->signal = signal;
    held->was_pending = sigpending(&set) == 0 && sigismember(&set, signal) == 1;
}

void weir__signal_release(const weir__held_signal *held) {
    if (!held->was_pending)
        (void)weir__signal_take(held->signal);
    pthread_sigmask(SIG_SETMASK, &held->before, NULL);
}

void weir__signal_send(const weir__thread *thread, int signal) {
    pthread_kill(thread->id, signal);
}

void weir__signal_raise(int signal) {
    kill(getpid(), signal);
}

/* ---- the mask at the start ---- */

/* Constant once the library is loaded. */
static sigset_t original;

/* Early: in a static link, constructors of the program without a priority run later and may change the mask. */
__attribute__((constructor(101))) static void remember_original(void) {
    pthread_sigmask(SIG_BLOCK, NULL, &original);
}

void weir_signals_original(sigset_t *signals) {
    if (signals != NULL)
        *signals = original;
}

void weir_signals_restore(void) {
    pthread_sigmask(SIG_SETMASK, &original, NULL);
}
