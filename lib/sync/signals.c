/*
 * signals.c - POSIX signals.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "sync/signals.h"

#include <signal.h>

#include "sync/clock.h"

bool weir__signals_are_blocked(const int *signals, size_t count) {
    sigset_t blocked;
    pthread_sigmask(SIG_BLOCK, NULL, &blocked);
    for (size_t i = 0; i < count; i++) {
        if (sigismember(&blocked, signals[i]) != 1 || !weir__thread_blocks(signals[i]))
            return false;
    }
    return true;
}

/* What is left until then. */
static struct timespec left_until(uint64_t deadline) {
    uint64_t now = weir__clock_now();
    return weir__clock_timespec(deadline > now ? deadline - now : 0);
}

int weir__signals_wait(const int *signals, size_t count, uint64_t deadline) {
    sigset_t set;
    sigemptyset(&set);
    for (size_t i = 0; i < count; i++)
        sigaddset(&set, signals[i]);
    for (;;) { /* again, when another signal's handler has interrupted it */
        struct timespec left = left_until(deadline);
        int arrived = sigtimedwait(&set, NULL, deadline == UINT64_MAX ? NULL : &left);
        if (arrived > 0)
            return arrived;
        if (deadline != UINT64_MAX && weir__clock_now() >= deadline)
            return 0;
    }
}

void weir__signals_send(const weir__thread *thread, int signal) {
    pthread_kill(thread->id, signal);
}
