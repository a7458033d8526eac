/*
 * faults.c - see faults.h.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include "faults.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>

#include "ledger.h"
#include "base/pool.h"
#include "sync/futex.h"

/* The injected fault. Failed allocations are injected by ledger.c. */
static struct {
    _Atomic(enum fault) kind; /* read by blocked threads while another thread sets it */
    atomic_size_t left;       /* calls until the fault; 0: it has happened, or is not set */
    atomic_bool ever_after;
    atomic_bool happened;
    atomic_bool yields; /* whether a failed sleep yields */
} fault;

static bool is_due(enum fault kind) {
    if (kind != fault.kind)
        return false;
    size_t left = atomic_load(&fault.left);
    while (left > 0 && !atomic_compare_exchange_weak(&fault.left, &left, left - 1))
        ;
    if (left == 1)
        atomic_store(&fault.happened, true);
    return left == 1 || (fault.ever_after && atomic_load(&fault.happened));
}

int __real_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *), void *arg);
int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *), void *arg);
bool __real_weir__futex_wait(weir__u32 *word, uint32_t value, uint64_t deadline);
bool __wrap_weir__futex_wait(weir__u32 *word, uint32_t value, uint64_t deadline);
void *__real_weir__pool_take(weir__pool *pool, weir__cache *cache);
void *__wrap_weir__pool_take(weir__pool *pool, weir__cache *cache);

static void (*_Atomic within)(void);

void fault_call_within(void (*func)(void)) {
    atomic_store(&within, func);
}

int __wrap_pthread_create(pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *), void *arg) {
    if (!is_due(THREAD))
        return __real_pthread_create(thread, attr, run, arg);
    void (*func)(void) = atomic_exchange(&within, NULL);
    if (func != NULL)
        func();
    return EAGAIN;
}

/* Most cells come from a free list. Here any of them may fail for lack of memory. */
void *__wrap_weir__pool_take(weir__pool *pool, weir__cache *cache) {
    return ledger_fails() ? NULL : __real_weir__pool_take(pool, cache);
}

int start_thread_without_fault(pthread_t *thread, void *(*run)(void *), void *arg) {
    return __real_pthread_create(thread, NULL, run, arg);
}

bool __wrap_weir__futex_wait(weir__u32 *word, uint32_t value, uint64_t deadline) {
    if (!is_due(SLEEP))
        return __real_weir__futex_wait(word, value, deadline);
    if (fault.yields)
        sched_yield();
    return true;
}

void fault_set(enum fault kind, size_t nth, bool ever_after) {
    fault.kind = kind;
    fault.ever_after = ever_after;
    atomic_store(&fault.happened, false);
    atomic_store(&fault.left, kind == ALLOCATION ? 0 : nth);
    ledger_fail(kind == ALLOCATION ? nth : 0, ever_after);
}

bool fault_is(enum fault kind) {
    return fault.kind == kind;
}

bool fault_excuses(weir_status status) {
    return status == WEIR_OK || (status == WEIR_NOMEM && fault_is(ALLOCATION)) ||
           (status == WEIR_NOTHREAD && fault_is(THREAD));
}

/* ---- sweeps ---- */

/* Returns whether the current fault has happened. */
static bool has_happened(size_t nth) {
    return fault_is(ALLOCATION) ? ledger_calls() >= nth : atomic_load(&fault.happened);
}

static void run_once(const struct sweep *sweep, size_t threads_before) {
    sweep->run(sweep->workload);
    ck_assert_msg(wait_for_threads(threads_before), "%s: threads left", sweep->name);
    ck_assert_msg(ledger_pieces() == 0, "%s: %zu pieces of memory left", sweep->name, ledger_pieces());
}

static size_t points_of(const struct sweep *sweep, enum fault kind, bool ever_after) {
    size_t threads_before = threads_at_rest(), points = 0;
    size_t step = kind == ALLOCATION ? sweep->step : 1;
    size_t most = kind != SLEEP ? SIZE_MAX : ever_after ? sweep->sleeps_ever_after : sweep->sleeps_once;
    bool happened = true;
    fault.yields = sweep->sleeps_yield;
    for (size_t n = 1; n <= most && happened; n += step) {
        ledger_reset();
        fault_set(kind, n, ever_after);
        run_once(sweep, threads_before);
        happened = has_happened(n);
        points += happened;
    }
    fault_set(kind, 0, false);
    return points;
}

size_t sweep_faults(const struct sweep *sweep, enum fault kind) {
    static const char *const kinds[FAULTS] = {"allocation", "thread creation", "sleep"};
    size_t points = points_of(sweep, kind, false) + points_of(sweep, kind, true);
    printf("%-24s %-16s %3zu points\n", sweep->name, kinds[kind], points);
    return points;
}
