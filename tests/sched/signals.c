/*
 * signals.c - implements signals that pend, for the process or for a thread. As in POSIX, two signals of one number
 * that pend for the same target are one. The order between those of the process and the thread's own is unspecified.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "sync/signals.h"

#include <string.h>

#include "explore.h"
#include "machine.h"
#include "sync/atomic.h"
#include "sync/futex.h"

static struct {
    unsigned run; /* the run that the other members belong to */
    uint64_t process, threads[SCHED_THREADS];
    weir__u32 sent; /* changes with each signal sent */
} pending;

static uint64_t bit(int signal) {
    return UINT64_C(1) << signal;
}

/* Returns the set that pends for the calling thread. */
static uint64_t *mine(void) {
    if (pending.run != machine.run) {
        memset(&pending, 0, sizeof pending);
        pending.run = machine.run;
    }
    return &pending.threads[machine.self];
}

/* Takes one signal of the set. Returns 0 if none pends. */
static int take(uint64_t set) {
    uint64_t *own = mine(), *from = own;
    if ((pending.process & set) != 0 && ((*own & set) == 0 || explore_choose(2, 2) == 1))
        from = &pending.process;
    for (int signal = 1; signal < 64; signal++) {
        if ((*from & set & bit(signal)) != 0) {
            *from &= ~bit(signal);
            machine_trace("takes signal %d%s", signal, from == own ? " of its own" : "");
            return signal;
        }
    }
    return 0;
}

/* Wakes all waiting threads, which look again. */
static void wake_all(void) {
    (void)sched_modify(&pending.sent.value, sizeof pending.sent.value, SCHED_ADD, 1, SCHED_RELAXED);
    weir__futex_wake(&pending.sent, SCHED_THREADS);
}

int weir__signals_wait(const weir__signals *signals) {
    for (;;) {
        machine_point();
        uint32_t sent = (uint32_t)memory_newest(&pending.sent.value, sizeof pending.sent.value);
        int signal = take(signals->set);
        if (signal != 0)
            return signal;
        weir__futex_wait(&pending.sent, sent, UINT64_MAX);
    }
}

bool weir__signal_take(int signal) {
    machine_point();
    return take(bit(signal)) != 0;
}

void weir__signal_send(const weir__thread *thread, int signal) {
    machine_point();
    (void)mine();
    machine_trace("sends signal %d to thread %d", signal, thread->id);
    pending.threads[thread->id] |= bit(signal);
    wake_all();
}

void weir__signal_raise(int signal) {
    machine_point();
    (void)mine();
    machine_trace("raises signal %d", signal);
    pending.process |= bit(signal);
    wake_all();
}

void sched_raise(int signal) {
    weir__signal_raise(signal);
}

bool sched_pends(int signal) {
    (void)mine();
    return (pending.process & bit(signal)) != 0;
}
