/*
 * faults.h - injects faults: the n-th allocation, thread creation or sleep fails. A sweep runs a workload once for
 * every n.
 *
 * A failed sleep returns at once, as after a signal (EINTR) or a changed word (EAGAIN). Apart from timing, no caller
 * may observe it.
 *
 * For programs linked with the library's internals, ledger.c, and --wrap for aligned_alloc, free, pthread_create and
 * weir__futex_wait.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#ifndef WEIR_TESTS_FAULTS_H
#define WEIR_TESTS_FAULTS_H

#include "support.h"

enum fault { ALLOCATION, THREAD, SLEEP, FAULTS };

/*
 * Makes the `nth` operation of that kind from now on fail (1: the next). With `ever_after`, all later ones fail too.
 * 0 disables the fault. No other thread may be inside the library.
 */
void fault_set(enum fault kind, size_t nth, bool ever_after);

/* Returns whether the kind set last is this one. */
bool fault_is(enum fault kind);

/* Returns whether a call may return `status`: WEIR_OK always, and the status that the current kind of fault causes. */
bool fault_excuses(weir_status status);

/* Calls `func` within the next creation of a thread that fails. */
void fault_call_within(void (*func)(void));

/* Starts a thread outside the library: its creation neither fails nor counts. Returns 0 or an error number. */
int start_thread_without_fault(pthread_t *thread, void *(*run)(void *), void *arg);

/* ---- sweeps ---- */

struct sweep {
    const char *name;
    void (*run)(const void *workload); /* leaves nothing behind, whatever failed; checks the reported statuses */
    const void *workload;
    size_t step; /* from one failing allocation to the next one tried */
    /* Limits for the sleep sweeps: the number of sleeps varies from run to run. */
    size_t sleeps_once, sleeps_ever_after;
    bool sleeps_yield; /* a failed sleep yields: without blocked threads, the others need the processor */
};

/*
 * Runs the workload with the n-th operation of that kind failing, once and from then on, for each n until no
 * operation fails. Fails the test if a run leaves threads or memory behind. Prints and returns the number of faults
 * injected.
 */
size_t sweep_faults(const struct sweep *sweep, enum fault kind);

#endif /* WEIR_TESTS_FAULTS_H */
