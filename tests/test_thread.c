/*
 * test_thread.c - the threads of lib/sync: a join with a deadline, the signals blocked at program start, and the system
 * calls in which a thread waits for descriptors.
 *
 * Copyright (c) 2026 the weir authors. SPDX-License-Identifier: MIT
 */
#include <signal.h>
#ifdef __linux__
#include <sys/syscall.h>
#endif

#include "support.h"

#include "sync/sync.h"
#include "sync/system_call.h"
#include "sync/thread_gone.h"

static pthread_key_t key;
static struct gate gate = GATE;
static atomic_bool has_left;

static atomic_uint yields;

int __wrap_sched_yield(void);

int __wrap_sched_yield(void) {
    atomic_fetch_add(&yields, 1);
    return 0;
}

static void wait_in_destructor(void *unused) {
    (void)unused;
    gate_pass(&gate);
}

static void set_specific(void *destructed) {
    if (*(const bool *)destructed)
        pthread_setspecific(key, &gate);
}

static void tell_that_it_leaves(void *unused) {
    (void)unused;
    atomic_store(&has_left, true);
}

START_TEST (a_join_waits_for_the_destructors_of_thread_specific_data_and_no_longer_than_asked) {
    bool destructed = _i == 1;
    atomic_store(&yields, 0); /* with CK_FORK=no, an earlier join may have yielded */
    atomic_store(&has_left, false);
    ck_assert_int_eq(pthread_key_create(&key, wait_in_destructor), 0);
    weir__thread thread = {.main = set_specific, .at_exit = tell_that_it_leaves, .arg = &destructed};
    ck_assert(weir__thread_start(&thread));
    if (destructed) {
        gate_wait_for(&gate, 1);
        ck_assert(atomic_load(&has_left)); /* its functions have returned, and the thread still exists */
        ck_assert(!weir__thread_join_until(&thread, 0));
        ck_assert(!weir__thread_join_until(&thread, now() + MILLISECONDS));
        ck_assert_uint_eq(atomic_load(&yields), 0); /* each yield could exceed the deadline */
        gate_open(&gate);
    }
    ck_assert(weir__thread_join_until(&thread, hang_limit()));
    pthread_key_delete(key);
}
END_TEST

START_TEST (without_a_deadline_it_is_a_join) {
    bool destructed = false;
    weir__thread thread = {.main = set_specific, .arg = &destructed};
    ck_assert(weir__thread_start(&thread));
    ck_assert(weir__thread_join_until(&thread, WEIR_NEVER));
}
END_TEST

/* The number of an exited thread may be reused: here it is that of this thread, which is alive. */
START_TEST (a_thread_with_a_reused_number_is_joined) {
    uint64_t limit = hang_limit();
    weir__thread thread = {.main = tell_that_it_leaves};
    atomic_store(&has_left, false);
    ck_assert(weir__thread_start(&thread));
    while (!atomic_load(&has_left))
        ck_assert_uint_lt(now(), limit);
    weir__u32_store_relaxed(&thread.number, weir__thread_number());
    while (!weir__thread_join_until(&thread, now() + MILLISECONDS))
        ck_assert_uint_lt(now(), limit);
}
END_TEST

/* As the constructor of a C++ global may. */
__attribute__((constructor)) static void block_a_signal(void) {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGUSR2);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
}

START_TEST (the_original_signals_are_those_before_the_constructors_of_the_program) {
    sigset_t present, original;
    pthread_sigmask(SIG_BLOCK, NULL, &present);
    weir_signals_original(&original);
    ck_assert_int_eq(sigismember(&present, SIGUSR2), 1);
    ck_assert_int_eq(sigismember(&original, SIGUSR2), 0);
}
END_TEST

START_TEST (system_calls_that_wait_for_descriptors_are_known) {
#ifdef __linux__
    ck_assert(weir__system_call_polls(SYS_ppoll));
    ck_assert(weir__system_call_polls(SYS_epoll_pwait));
    ck_assert(!weir__system_call_polls(SYS_futex));
    ck_assert(!weir__system_call_polls(SYS_fsync));
#endif
    ck_assert(!weir__system_call_polls(-1)); /* none, or unknown */
}
END_TEST

static Suite *thread_suite(void) {
    Suite *suite = suite_create("threads of the seam");
    TCase *join = add_case(suite, "join");
    tcase_add_loop_test(join, a_join_waits_for_the_destructors_of_thread_specific_data_and_no_longer_than_asked, 0, 2);
    tcase_add_test(join, without_a_deadline_it_is_a_join);
    tcase_add_test(join, a_thread_with_a_reused_number_is_joined);
    TCase *signals = add_case(suite, "signals");
    tcase_add_test(signals, the_original_signals_are_those_before_the_constructors_of_the_program);
    TCase *calls = add_case(suite, "system calls");
    tcase_add_test(calls, system_calls_that_wait_for_descriptors_are_known);
    return suite;
}

int main(void) {
    return run_suite(thread_suite());
}
