/*
 * faults.h - what the system refuses: the n-th allocation, thread creation or sleep goes wrong. And sweeps, which run a
 * workload for every n there is.
 *
 * A sleep goes wrong by returning at once, as it does when a signal comes (EINTR) or the word has changed (EAGAIN);
 * then nobody may notice anything but the time it takes.
 *
 * For programs that are linked with the library's insides, ledger.c, and --wrap for aligned_alloc, free, pthread_create
 * and weir__futex_wait.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_TESTS_FAULTS_H
#define WEIR_TESTS_FAULTS_H

#include "support.h"

enum fault { ALLOCATION, THREAD, SLEEP, FAULTS };

/*
 * Lets the `nth` of that kind from now on go wrong (1: the next), and, if `ever_after`, all that follow; 0: none does.
 * No other thread may be in the library.
 */
void fault_set(enum fault kind, size_t nth, bool ever_after);

/* Whether the kind that was set last is this one. */
bool fault_is(enum fault kind);

/* Whether a call may return that: WEIR_OK always, and what a fault of the kind that is set comes to. */
bool fault_excuses(weir_status status);

/* A thread that is none of the library's: its creation neither goes wrong nor counts. Returns 0, or an error number. */
int start_thread_without_fault(pthread_t *thread, void *(*run)(void *), void *arg);

/* ---- sweeps ---- */

struct sweep {
    const char *name;
    void (*run)(const void *workload); /* ends with nothing left, whatever has gone wrong; looks at what it was told */
    const void *workload;
    size_t step; /* from one allocation that goes wrong to the next that is tried */
    /* How often a thread sleeps is chance, so these sweeps have an end of their own. */
    size_t sleeps_once, sleeps_ever_after;
    bool sleeps_yield; /* those that go wrong: where nobody sleeps any more, the others are to have their turn */
};

/*
 * Runs the workload with the n-th of that kind going wrong, once and from then on, for every n until there are no more.
 * Fails the test when a run leaves threads or memory behind. Prints, and returns, how many points those were.
 */
size_t sweep_faults(const struct sweep *sweep, enum fault kind);

#endif /* WEIR_TESTS_FAULTS_H */
